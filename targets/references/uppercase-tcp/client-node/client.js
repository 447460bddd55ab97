// Uppercase over TCP: sends each line that is typed, prints each line that comes back.
const net = require('net');
const readline = require('readline');

const [host, port] = process.argv.slice(2);
let unanswered = 0;

const connection = net.connect(Number(port), host);
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  unanswered += 1;
  connection.write(line + '\n');
});

let held = '';
connection.setEncoding('latin1');
connection.on('data', (data) => {
  const lines = (held + data).split('\n');
  held = lines.pop();
  for (const line of lines) {
    unanswered -= 1;
    console.log(line);
  }
});
connection.on('end', () => {
  if (unanswered > 0) console.error('the server has closed the connection');
  process.exit(unanswered > 0 ? 1 : 0);
});
connection.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
