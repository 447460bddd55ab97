// waiter.js PORT WAY DELAY SECONDS: as waiter.c, the way Node programs wait.
const [port, way, delay, seconds] = process.argv.slice(2);
const spin = (microseconds) => {
  const until = process.hrtime.bigint() + BigInt(microseconds) * 1000n;
  while (process.hrtime.bigint() < until);
};
const asked = (data, answer) => {
  const kind = String.fromCharCode(data[0]), length = parseInt(data.toString("latin1", 1, 7), 10);
  const busy = () => { spin(length); answer(); };
  if (kind === "z") setTimeout(answer, length / 1000);
  else if (kind === "w") require("fs").readFile(__filename, busy); // by a thread of the pool
  else if (kind === "b") busy();
  else if (kind !== "s") answer();
};
const later = (data, answer) => {
  if (delay === "asked") asked(data, answer);
  else if (delay === "timeout") setTimeout(answer, seconds * 1000);
  else answer();
};
if (way === "tcp") {
  require("net")
    .createServer((client) => client.on("data", (data) => later(data, () => client.write(data))))
    .listen(port, "127.0.0.1");
} else {
  const socket = require("dgram").createSocket("udp4");
  socket.on("message", (data, from) => later(data, () => socket.send(data, from.port, from.address)));
  socket.bind(port, "127.0.0.1");
}
