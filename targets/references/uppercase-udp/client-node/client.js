// Uppercase over UDP: sends each line that is typed in a datagram, prints each answer.
const dgram = require('dgram');
const readline = require('readline');

const [host, port] = process.argv.slice(2);
const client = dgram.createSocket('udp4');

client.on('message', (answer) => console.log(answer.toString('latin1')));
client.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
client.connect(Number(port), host, () => {
  readline.createInterface({ input: process.stdin })
    .on('line', (line) => client.send(line))
    .on('close', () => client.close());
});
