// UDP pinger: ten pings, a second's patience with each.
const dgram = require('dgram');

const [host, port] = process.argv.slice(2);
const client = dgram.createSocket('udp4');
let number = 0;
let start;
let timer;

function next() {
  clearTimeout(timer);
  number += 1;
  if (number > 10) {
    client.close();
    return;
  }
  start = process.hrtime.bigint();
  client.send(`Ping ${number} ${new Date().toISOString()}`);
  timer = setTimeout(lost, 1000);
}

function lost() {
  console.log(`Ping ${number}: Request timed out`);
  next();
}

client.on('message', (data) => {
  if (data.length === 0) return;
  const word = data.toString().split(' ')[1].trim();
  if (Number(word) !== number) return;
  console.log(`Ping ${number}: RTT ${Number(process.hrtime.bigint() - start) / 1e6} ms`);
  next();
});
client.on('error', () => {}); // nobody listens there at the moment
client.connect(Number(port), host, next);
