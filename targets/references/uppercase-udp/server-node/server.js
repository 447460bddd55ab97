// Uppercase over UDP: each datagram comes back in capitals. Empty ones are ignored, and those from
// port 0, to which nothing can be sent: Node throws.
const dgram = require('dgram');

const server = dgram.createSocket('udp4');

server.on('message', (data, client) => {
  if (data.length === 0 || client.port === 0) return;
  const answer = data.map((octet) => (octet >= 0x61 && octet <= 0x7a ? octet - 0x20 : octet));
  server.send(answer, client.port, client.address, () => {});
});

server.bind(Number(process.argv[2]));
