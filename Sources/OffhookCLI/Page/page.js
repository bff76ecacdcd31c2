// The demo's page. A person presses a button; a test opens `?call=echo&seconds=8` and reads what is posted to /report.

import { SIPClient } from "./sip.js";

const element = (id) => document.getElementById(id);
const parameters = new URLSearchParams(location.search);
// What a person's browser does to a voice would make a measurement of it worthless.
const untouched = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const states = [];

let client;
let connection = null;
let stream = null;
let timer = null;

function show(state) {
  element("state").textContent = state;
  states.push(state);
}

async function start() {
  const configuration = await (await fetch("config.json")).json();
  for (const bot of configuration.bots) {
    const button = document.createElement("button");
    button.textContent = `Call ${bot.name}`;
    button.title = bot.about;
    button.onclick = () => (connection ? client.hangUp() : call(bot));
    button.dataset.bot = bot.name;
    button.disabled = true;
    element("bots").append(button);
  }
  client = new SIPClient(configuration);
  client.addEventListener("registered", () => { show("ready"); enable(); automate(configuration); });
  client.addEventListener("disconnected", () => { show("no connection to the registrar"); hangUpLocally(); });
  client.addEventListener("progress", () => show("ringing"));
  client.addEventListener("accepted", async ({ detail }) => {
    try {
      await connection.setRemoteDescription({ type: "answer", sdp: detail.sdp });
      show("connected");
    } catch (error) {
      show(`the answer was not understood: ${error.message}`);
      client.hangUp();
    }
  });
  for (const type of ["ended", "failed"]) {
    client.addEventListener(type, ({ detail }) => { show(`${type}: ${detail.cause}`); hangUpLocally(); });
  }
  client.addEventListener("trace", ({ detail }) => {
    // Credentials stay out of what a person may copy into a report.
    element("trace").textContent += `${detail.text.replace(/^((?:Proxy-)?Authorization:).*$/gm, "$1 …")}\n`;
  });
  client.start();
}

function enable() {
  for (const button of element("bots").children) button.disabled = false;
}

async function call(bot) {
  const wantsVideo = element("video").checked && bot.video;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: untouched, video: wantsVideo && { width: 640, height: 480 } });
  } catch (error) {
    return show(`no camera or microphone: ${error.message}`);
  }
  element("local").srcObject = stream;
  connection = new RTCPeerConnection({ iceServers: [] });
  connection.ontrack = ({ streams, track }) => {
    element("remote").srcObject = streams[0] ?? new MediaStream([track]);
  };
  connection.onconnectionstatechange = () => connection && show(`media ${connection.connectionState}`);
  for (const track of stream.getTracks()) connection.addTrack(track, stream);
  await connection.setLocalDescription(await connection.createOffer());
  await gathered(connection);
  show(`calling ${bot.name}`);
  for (const button of element("bots").children) {
    button.disabled = button.dataset.bot !== bot.name;
    if (!button.disabled) { button.textContent = "Hang up"; button.className = "hangup"; }
  }
  client.invite(bot.uri, connection.localDescription.sdp);
  timer = setInterval(update, 500);
}

/** SIP carries the candidates in the offer: wait for them, but not for a server that does not answer. */
function gathered(peer) {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const limit = setTimeout(resolve, 1000);
    peer.onicegatheringstatechange = () => {
      if (peer.iceGatheringState === "complete") { clearTimeout(limit); resolve(); }
    };
  });
}

function hangUpLocally() {
  clearInterval(timer);
  connection?.close();
  stream?.getTracks().forEach((track) => track.stop());
  connection = stream = null;
  element("remote").srcObject = element("local").srcObject = null;
  for (const button of element("bots").children) {
    button.textContent = `Call ${button.dataset.bot}`;
    button.className = "";
  }
  enable();
}

async function statistics() {
  const figures = { inbound: {}, outbound: {} };
  if (!connection) return figures;
  for (const report of (await connection.getStats()).values()) {
    const { type, kind } = report;
    if (type === "inbound-rtp") figures.inbound[kind] = pick(report, ["packetsReceived", "packetsLost", "bytesReceived",
      "framesDecoded", "framesDropped", "freezeCount", "audioLevel", "concealedSamples", "totalSamplesReceived",
      "jitter", "frameWidth", "frameHeight", "totalAudioEnergy"]);
    if (type === "outbound-rtp") figures.outbound[kind] = pick(report, ["packetsSent", "bytesSent", "framesEncoded",
      "retransmittedPacketsSent", "nackCount", "pliCount"]);
    if (type === "media-source" && kind === "audio") figures.localLevel = report.audioLevel;
    if (type === "candidate-pair" && report.nominated) figures.roundTripTime = report.currentRoundTripTime;
  }
  return figures;
}

const pick = (report, names) =>
  Object.fromEntries(names.filter((name) => report[name] !== undefined).map((name) => [name, report[name]]));

async function update() {
  const figures = await statistics();
  element("remote-level").value = figures.inbound.audio?.audioLevel ?? 0;
  element("local-level").value = figures.localLevel ?? 0;
  const rows = [];
  for (const [direction, kinds] of [["from the bot", figures.inbound], ["to the bot", figures.outbound]]) {
    for (const [kind, values] of Object.entries(kinds)) {
      const text = Object.entries(values).map(([name, value]) =>
        `${name} ${Number.isInteger(value) ? value : value.toFixed(3)}`).join(" · ");
      rows.push([`${kind} ${direction}`, text]);
    }
  }
  if (figures.roundTripTime !== undefined) rows.push(["round trip", `${(figures.roundTripTime * 1000).toFixed(1)} ms`]);
  element("statistics").tBodies[0].replaceChildren(...rows.map(([name, value]) => {
    const row = document.createElement("tr");
    for (const [tag, text] of [["th", name], ["td", value]]) {
      const cell = document.createElement(tag);
      cell.textContent = text;
      row.append(cell);
    }
    return row;
  }));
}

/** `?call=BOT&seconds=N&video=0`: calls, waits, posts the final statistics and hangs up. */
async function automate(configuration) {
  const name = parameters.get("call");
  if (!name || automate.done) return;
  automate.done = true;
  const bot = configuration.bots.find((candidate) => candidate.name === name);
  const failed = new Promise((resolve) => {
    for (const type of ["ended", "failed"]) client.addEventListener(type, resolve, { once: true });
  });
  element("video").checked = parameters.get("video") !== "0";
  if (!bot) show(`no bot is called ${name}`);
  else await call(bot);
  const seconds = new Promise((resolve) => setTimeout(resolve, 1000 * Number(parameters.get("seconds") ?? 5)));
  await Promise.race([seconds, failed]);
  const report = { bot: name, states, statistics: await statistics() };
  client.hangUp();
  await fetch("report", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(report) });
}

start().catch((error) => show(`the page did not start: ${error.message}`));
