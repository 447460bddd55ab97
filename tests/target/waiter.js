// waiter.js PORT WAY DELAY SECONDS: as waiter.c, the way Node programs wait.
const [port, way, delay, seconds] = process.argv.slice(2);
const later = (answer) => (delay === "timeout" ? setTimeout(answer, seconds * 1000) : answer());
if (way === "tcp") {
  require("net")
    .createServer((client) => client.on("data", (data) => later(() => client.write(data))))
    .listen(port, "127.0.0.1");
} else {
  const socket = require("dgram").createSocket("udp4");
  socket.on("message", (data, from) => later(() => socket.send(data, from.port, from.address)));
  socket.bind(port, "127.0.0.1");
}
