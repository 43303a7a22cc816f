// The page as it is is whole; this shows what changes while somebody looks at it.
"use strict";

const SHORTEST = 1000;
const LONGEST = 60000;
const OVER = new Set([4401, 4403]);

const live = document.getElementById("live");
let wait = SHORTEST;
let seen = null;

function follow() {
  const { protocol, pass } = document.getElementById("told").dataset;
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/graphql`, "graphql-transport-ws");
  const say = (message) => socket.send(JSON.stringify(message));
  let over = false;

  socket.onopen = () => say({
    type: "connection_init",
    payload: { anonymous: true, acceptLanguage: document.documentElement.lang },
  });
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "ping") say({ type: "pong" });
    if (message.type === "connection_ack") {
      const query = live.dataset.document;
      say({ id: "1", type: "subscribe", payload: { query, variables: { protocol, proof: pass } } });
    }
    if (message.type === "next" && message.payload.data) {
      wait = SHORTEST;
      changed(JSON.stringify(message.payload.data));
    }
    if (message.type === "error" || message.type === "complete") {
      over = true;
      socket.close(1000);
      live.textContent = live.dataset.over;
    }
  };
  socket.onclose = ({ code }) => {
    if (OVER.has(code)) live.textContent = live.dataset.over;
    if (over || OVER.has(code)) return;
    setTimeout(follow, wait * (0.5 + Math.random()));
    wait = Math.min(wait * 2, LONGEST);
  };
}

async function changed(now) {
  const before = seen;
  seen = now;
  if (before === null || before === now) return;
  const answer = await fetch("/protocolo", { credentials: "same-origin" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const told = page.getElementById("told");
  if (!answer.ok || told === null) {
    live.textContent = live.dataset.over;
    return;
  }
  // What somebody is writing stays; what they are told is replaced.
  document.getElementById("told").replaceWith(document.adoptNode(told));
  live.textContent = live.dataset.changed;
}

follow();
