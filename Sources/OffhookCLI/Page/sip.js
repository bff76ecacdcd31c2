// A minimal SIP user agent over WebSocket (RFC 3261, RFC 7118): REGISTER, one outgoing call at a time, digest with
// SHA-256 (RFC 8760). It answers what a server may ask of it and no more.

const branchCookie = "z9hG4bK";
const token = (length = 16) =>
  Array.from(crypto.getRandomValues(new Uint8Array(length)), (octet) => (octet % 36).toString(36)).join("");

/** One SIP message, its header names in lower case, each with the list of its values. */
class Message {
  constructor(text) {
    const end = text.indexOf("\r\n\r\n");
    const [startLine, ...lines] = text.slice(0, end).split("\r\n");
    this.body = text.slice(end + 4);
    this.headers = new Map();
    for (const line of lines) {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).trim().toLowerCase();
      this.headers.set(name, [...(this.headers.get(name) ?? []), line.slice(colon + 1).trim()]);
    }
    if (startLine.startsWith("SIP/2.0 ")) this.status = Number(startLine.slice(8, 11));
    else [this.method, this.uri] = startLine.split(" ");
    this.reason = startLine.slice(12);
  }
  first(name) { return this.headers.get(name)?.[0]; }
  all(name) { return this.headers.get(name) ?? []; }
  tag(name) { return /;tag=([^;>]+)/i.exec(this.first(name) ?? "")?.[1]; }
  get cseq() {
    const [number, method] = (this.first("cseq") ?? "0 ?").split(/\s+/);
    return { number: Number(number), method };
  }
}

const hex = (buffer) => Array.from(new Uint8Array(buffer), (octet) => octet.toString(16).padStart(2, "0")).join("");
const sha256 = async (text) => hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

/** The Authorization value for the SHA-256 challenge among those of a 401 or 407, or null. */
async function authorize(challenges, { user, password, method, uri }) {
  for (const challenge of challenges) {
    const field = (name) => new RegExp(`${name}="?([^",]+)"?`, "i").exec(challenge)?.[1];
    if ((field("algorithm") ?? "MD5").toUpperCase() !== "SHA-256") continue;
    const [realm, nonce, opaque] = [field("realm"), field("nonce"), field("opaque")];
    const cnonce = token();
    const secret = await sha256(`${user}:${realm}:${password}`);
    const response = await sha256(`${secret}:${nonce}:00000001:${cnonce}:auth:${await sha256(`${method}:${uri}`)}`);
    return `Digest algorithm=SHA-256, username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
      `response="${response}"${opaque ? `, opaque="${opaque}"` : ""}, qop=auth, cnonce="${cnonce}", nc=00000001`;
  }
  return null;
}

/** Events: "connected", "disconnected", "registered", "progress", "accepted", "ended", "failed", "trace". */
export class SIPClient extends EventTarget {
  constructor({ server, uri, user, password }) {
    super();
    Object.assign(this, { server, uri, user, password });
    this.host = `${token(12)}.invalid`;
    this.contact = `<sip:${token(8)}@${this.host};transport=ws>`;
    this.pending = new Map();
    this.call = null;
  }

  start() {
    this.socket = new WebSocket(this.server, "sip");
    this.socket.onopen = () => { this.emit("connected"); this.register(); };
    this.socket.onclose = () => this.emit("disconnected");
    this.socket.onmessage = (event) => this.receive(event.data);
  }

  emit(type, detail = {}) { this.dispatchEvent(new CustomEvent(type, { detail })); }

  send(text) {
    this.emit("trace", { text: `→ ${text}` });
    this.socket.send(text);
  }

  /** Sends a request and calls `onResponse` for each response; a 401 or 407 is answered once. */
  request(method, uri, options, onResponse, authorization = null) {
    const branch = branchCookie + token();
    const headers = [
      `Via: SIP/2.0/WS ${this.host};branch=${branch}`, "Max-Forwards: 69",
      `To: ${options.to}`, `From: ${options.from}`, `Call-ID: ${options.callID}`, `CSeq: ${options.cseq} ${method}`,
      ...(options.headers ?? []), ...(authorization ? [authorization] : []),
    ];
    const body = options.body ?? "";
    const length = new TextEncoder().encode(body).length;
    const handler = async (response) => {
      const proxy = response.status === 407;
      if ((response.status === 401 || proxy) && !authorization) {
        if (method === "INVITE") this.acknowledge(uri, options, response, branch);
        const value = await authorize(response.all(proxy ? "proxy-authenticate" : "www-authenticate"),
          { user: this.user, password: this.password, method, uri });
        if (value) {
          options.cseq += 1;
          const name = proxy ? "Proxy-Authorization" : "Authorization";
          return this.request(method, uri, options, onResponse, `${name}: ${value}`);
        }
      }
      onResponse(response, branch);
    };
    this.pending.set(`${branch}:${method}`, handler);
    this.send([`${method} ${uri} SIP/2.0`, ...headers, `Content-Length: ${length}`, "", body].join("\r\n"));
    return branch;
  }

  /** The ACK to a final response other than 2xx: same branch, same CSeq number (RFC 3261 §17.1.1.3). */
  acknowledge(uri, options, response, branch) {
    this.send([`ACK ${uri} SIP/2.0`, `Via: SIP/2.0/WS ${this.host};branch=${branch}`, "Max-Forwards: 69",
      `To: ${response.first("to")}`, `From: ${options.from}`, `Call-ID: ${options.callID}`,
      `CSeq: ${response.cseq.number} ACK`, "Content-Length: 0", "", ""].join("\r\n"));
  }

  register() {
    const registrar = `sip:${this.uri.split("@")[1]}`;
    this.request("REGISTER", registrar, {
      to: `<${this.uri}>`, from: `<${this.uri}>;tag=${token(10)}`, callID: token(22), cseq: 1,
      headers: [`Contact: ${this.contact};expires=600`, "Expires: 600"],
    }, (response) => {
      if (response.status >= 200) this.emit(response.status < 300 ? "registered" : "failed", { cause: response.reason });
    });
  }

  invite(target, sdp) {
    const call = { target, from: `<${this.uri}>;tag=${token(10)}`, to: `<${target}>`, callID: token(20), cseq: 1,
      headers: [`Contact: ${this.contact}`, "Content-Type: application/sdp"], body: sdp, state: "calling" };
    this.call = call;
    const onResponse = (response, branch) => {
      if (response.status < 200) {
        call.branch = branch;
        if (call.cancelled) this.cancel(call);
        return this.emit("progress", { status: response.status });
      }
      if (response.status >= 300) {
        this.acknowledge(target, call, response, branch);
        return this.finish("failed", `${response.status} ${response.reason}`);
      }
      this.establish(call, response);
      if (call.cancelled) return this.hangUp();
      this.emit("accepted", { sdp: response.body });
    };
    call.branch = this.request("INVITE", target, call, onResponse);
  }

  /** The dialog of a 2xx (RFC 3261 §12.1.2) and its ACK, which is a request of its own (§13.2.2.4). */
  establish(call, response) {
    const confirmed = call.state === "confirmed";
    call.state = "confirmed";
    call.to = response.first("to");
    call.remoteTarget = /<([^>]+)>/.exec(response.first("contact") ?? "")?.[1] ?? call.target;
    call.routes = response.all("record-route").flatMap((value) => value.split(/,(?=\s*<)/)).reverse();
    this.send([`ACK ${call.remoteTarget} SIP/2.0`, `Via: SIP/2.0/WS ${this.host};branch=${branchCookie}${token()}`,
      "Max-Forwards: 69", ...call.routes.map((route) => `Route: ${route.trim()}`), `To: ${call.to}`,
      `From: ${call.from}`, `Call-ID: ${call.callID}`, `CSeq: ${response.cseq.number} ACK`,
      "Content-Length: 0", "", ""].join("\r\n"));
    return !confirmed;
  }

  hangUp() {
    const call = this.call;
    if (!call) return;
    if (call.state !== "confirmed") {
      call.cancelled = true;
      return this.cancel(call);
    }
    call.cseq += 1;
    this.request("BYE", call.remoteTarget, { to: call.to, from: call.from, callID: call.callID, cseq: call.cseq,
      headers: call.routes.map((route) => `Route: ${route.trim()}`) }, () => {});
    this.finish("ended", "Terminated");
  }

  cancel(call) {
    this.send([`CANCEL ${call.target} SIP/2.0`, `Via: SIP/2.0/WS ${this.host};branch=${call.branch}`,
      "Max-Forwards: 69", `To: <${call.target}>`, `From: ${call.from}`, `Call-ID: ${call.callID}`,
      `CSeq: ${call.cseq} CANCEL`, "Content-Length: 0", "", ""].join("\r\n"));
  }

  finish(type, cause) {
    this.call = null;
    this.emit(type, { cause });
  }

  receive(data) {
    if (typeof data !== "string" || data.trim() === "") return;
    this.emit("trace", { text: `← ${data}` });
    const message = new Message(data);
    if (message.status) return this.receiveResponse(message);
    const respond = (status) => this.send([`SIP/2.0 ${status}`, ...message.all("via").map((via) => `Via: ${via}`),
      `To: ${message.first("to")}${message.tag("to") ? "" : `;tag=${token(10)}`}`, `From: ${message.first("from")}`,
      `Call-ID: ${message.first("call-id")}`, `CSeq: ${message.first("cseq")}`, "Content-Length: 0", "", ""].join("\r\n"));
    switch (message.method) {
      case "ACK": return;
      case "OPTIONS": return respond("200 OK");
      case "BYE":
        if (message.first("call-id") !== this.call?.callID) return respond("481 Call/Transaction Does Not Exist");
        respond("200 OK");
        return this.finish("ended", "Terminated");
      default: return respond("405 Method Not Allowed");
    }
  }

  receiveResponse(response) {
    const branch = /;branch=([^;,]+)/i.exec(response.first("via") ?? "")?.[1];
    const { method } = response.cseq;
    const key = `${branch}:${method}`;
    const handler = this.pending.get(key);
    if (handler) {
      if (response.status >= 200) this.pending.delete(key);
      return handler(response);
    }
    // A 2xx that was sent again means that our ACK was lost (RFC 3261 §13.2.2.4).
    if (method === "INVITE" && response.status < 300 && this.call?.callID === response.first("call-id")) {
      this.establish(this.call, response);
    }
  }
}
