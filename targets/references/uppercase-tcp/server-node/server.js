// Uppercase over TCP: bytes go back in capitals as they come, so lines do too.
const net = require('net');

const port = Number(process.argv[2]);

function capitals(data) {
  return data.map((octet) => (octet >= 0x61 && octet <= 0x7a ? octet - 0x20 : octet));
}

const server = net.createServer({ allowHalfOpen: true }, (connection) => {
  connection.on('data', (data) => {
    if (!connection.write(capitals(data))) connection.pause(); // until what we wrote is taken
  });
  connection.on('drain', () => connection.resume());
  connection.on('end', () => connection.end());
  connection.on('error', () => connection.destroy()); // the client is gone; the others go on
});

server.listen(port);
