// An authoritative DNS server over UDP and TCP on one port: server.js PORT ZONEFILE.
"use strict";
const dgram = require("dgram");
const fs = require("fs");
const net = require("net");

const TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28 };
const OPT = 41, ANY = 255, IN = 1;
const NOERROR = 0, FORMERR = 1, NXDOMAIN = 3, NOTIMP = 4, REFUSED = 5, BADVERS = 16;
const HEADER = 12, LEAST = 512, MOST = 1232; // bytes

// -- the zone ---------------------------------------------------------------------------

function wire(name) {
  const labels = name.split(".").filter((label) => label);
  const parts = labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function numbers(values, size) {
  const made = Buffer.alloc(values.length * size);
  values.forEach((value, at) => made.writeUIntBE(Number(value), at * size, size));
  return made;
}

function address6(text) {
  const [before, after] = text.split("::").map((half) => half.split(":").filter((each) => each));
  const missing = after ? Array(8 - before.length - after.length).fill("0") : [];
  const groups = [...before, ...missing, ...(after || [])];
  return numbers(groups.map((each) => parseInt(each, 16)), 2);
}

function data(kind, words) {
  switch (kind) {
    case "A": return Buffer.from(words[0].split(".").map(Number));
    case "AAAA": return address6(words[0]);
    case "NS":
    case "CNAME": return wire(words[0]);
    case "MX": return Buffer.concat([numbers([words[0]], 2), wire(words[1])]);
    case "TXT": return Buffer.concat(words.map((word) => Buffer.from([word.length, ...Buffer.from(word)])));
    case "SOA": return Buffer.concat([wire(words[0]), wire(words[1]), numbers(words.slice(2), 4)]);
    default: return Buffer.from(words.slice(2).join(""), "hex"); // RFC 3597: \# length hex
  }
}

function readZone(path) {
  const zone = { apex: "", names: new Map() };
  const lines = fs.readFileSync(path, "latin1").split("\n");
  for (const line of lines.filter((each) => each.trim() && !each.startsWith(";"))) {
    const words = line.match(/"[^"]*"|\S+/g).map((word) => word.replace(/"/g, ""));
    const [owner, ttl, , kind, ...rest] = words;
    const name = owner.toLowerCase().replace(/\.$/, "");
    const type = TYPES[kind] || Number(kind.slice(4));
    if (type === TYPES.SOA) zone.apex = name;
    if (!zone.names.has(name)) zone.names.set(name, []);
    zone.names.get(name).push({ type, ttl: Number(ttl), data: data(kind, rest) });
  }
  for (const name of [...zone.names.keys()]) {
    let above = name; // names that exist because there are some below them
    while (above !== zone.apex) {
      above = above.slice(above.indexOf(".") + 1);
      if (!zone.names.has(above)) zone.names.set(above, []);
    }
  }
  return zone;
}

// -- messages ---------------------------------------------------------------------------

class Malformed extends Error {}

function need(message, end) {
  if (end > message.length) throw new Malformed();
}

function readName(message, start) {
  const labels = [];
  let at = start, end = 0, lowest = start, size = 1;
  for (;;) {
    need(message, at + 1);
    const length = message[at];
    if (length === 0) return { name: labels.join("."), end: end || at + 1 };
    if (length < 64) {
      need(message, at + 1 + length);
      labels.push(message.toString("latin1", at + 1, at + 1 + length).toLowerCase());
      at += 1 + length;
      size += 1 + length;
      if (size > 255) throw new Malformed();
    } else {
      need(message, at + 2);
      const target = message.readUInt16BE(at) & 0x3fff;
      if (length < 192 || target >= lowest) throw new Malformed();
      end = end || at + 2;
      at = lowest = target;
    }
  }
}

function readQuery(message) {
  if (message.readUInt16BE(4) !== 1) throw new Malformed();
  let { name, end } = readName(message, HEADER);
  need(message, end + 4);
  const query = { name, type: message.readUInt16BE(end), group: message.readUInt16BE(end + 2), opt: null };
  query.question = message.subarray(HEADER, end + 4);
  let at = end + 4;
  const others = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  for (let count = 0; count < others; count++) {
    at = readName(message, at).end;
    need(message, at + 10);
    if (message.readUInt16BE(at) === OPT) {
      if (query.opt) throw new Malformed();
      query.opt = { size: message.readUInt16BE(at + 2), version: message[at + 5] };
    }
    at += 10 + message.readUInt16BE(at + 8);
    need(message, at);
  }
  return query;
}

function record(owner, type, group, ttl, content) {
  const fixed = Buffer.concat([numbers([type, group], 2), numbers([ttl], 4), numbers([content.length], 2)]);
  return Buffer.concat([owner, fixed, content]);
}

function lookUp(zone, query) {
  const pointer = Buffer.from([0xc0, HEADER]); // to the question's name
  let records = zone.names.get(query.name);
  if (!records) {
    let above = query.name;
    while (!zone.names.has(above)) above = above.slice(above.indexOf(".") + 1);
    records = zone.names.get("*." + above);
  }
  if (!records) return { code: NXDOMAIN, answers: [], authority: [denial(zone)] };
  const alias = records.find((each) => each.type === TYPES.CNAME);
  const found = alias && query.type !== ANY
    ? [alias]
    : records.filter((each) => query.type === ANY || each.type === query.type);
  const answers = found.map((each) => record(pointer, each.type, IN, each.ttl, each.data));
  return { code: NOERROR, answers, authority: answers.length ? [] : [denial(zone)] };
}

function denial(zone) {
  const soa = zone.names.get(zone.apex).find((each) => each.type === TYPES.SOA);
  const minimum = soa.data.readUInt32BE(soa.data.length - 4);
  return record(wire(zone.apex), soa.type, IN, Math.min(soa.ttl, minimum), soa.data);
}

function head(message, flags, counts) {
  return Buffer.concat([message.subarray(0, 2), numbers([flags, ...counts], 2)]);
}

function answer(zone, message, overTcp) {
  if (message.length < HEADER || message[2] & 0x80) return null; // too short, or a response
  let flags = 0x8000 | (message.readUInt16BE(2) & 0x7900); // opcode and RD are copied
  if (flags & 0x7800) return head(message, flags | NOTIMP, [0, 0, 0, 0]);
  let query;
  try {
    query = readQuery(message);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return head(message, flags | FORMERR, [0, 0, 0, 0]);
  }
  let code = NOERROR, answers = [], authority = [];
  if (query.opt && query.opt.version > 0) {
    code = BADVERS;
  } else if (query.group !== IN || !("." + query.name).endsWith("." + zone.apex)) {
    code = REFUSED;
  } else {
    flags |= 0x0400; // AA
    ({ code, answers, authority } = lookUp(zone, query));
  }
  const extra = query.opt ? [record(Buffer.from([0]), OPT, MOST, (code >> 4) * 0x1000000, Buffer.alloc(0))] : [];
  let limit = 65535;
  if (!overTcp) limit = query.opt ? Math.min(MOST, Math.max(LEAST, query.opt.size)) : LEAST;
  const size = [...answers, ...authority, ...extra].reduce((sum, each) => sum + each.length, HEADER + query.question.length);
  if (size > limit) {
    flags |= 0x0200; // TC
    answers = authority = [];
  }
  const counts = [1, answers.length, authority.length, extra.length];
  return Buffer.concat([head(message, flags | (code & 15), counts), query.question, ...answers, ...authority, ...extra]);
}

// -- sockets ----------------------------------------------------------------------------

function serveConnection(zone, connection) {
  let buffer = Buffer.alloc(0);
  connection.on("data", (piece) => {
    buffer = Buffer.concat([buffer, piece]);
    while (buffer.length >= 2 && buffer.length >= 2 + buffer.readUInt16BE(0)) {
      const end = 2 + buffer.readUInt16BE(0);
      const said = answer(zone, buffer.subarray(2, end), true);
      if (said) connection.write(Buffer.concat([numbers([said.length], 2), said]));
      buffer = buffer.subarray(end);
    }
  });
  connection.on("error", () => connection.destroy()); // this client is gone
}

const port = Number(process.argv[2]);
const zone = readZone(process.argv[3]);
const datagrams = dgram.createSocket("udp4");
datagrams.on("message", (message, client) => {
  const said = answer(zone, message, false);
  // Node throws where the port is 0: nobody can be answered there.
  if (said && client.port !== 0) datagrams.send(said, client.port, client.address, () => {});
});
datagrams.bind(port);
net.createServer((connection) => serveConnection(zone, connection)).listen(port, "0.0.0.0");
