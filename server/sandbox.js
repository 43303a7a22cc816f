"use strict";
const PT = {
  what: "Uma rede de mentira: escreva como consumidor, responda no Guichê e veja a resposta chegar aqui.",
  account: "Conta da empresa", none: "Nenhuma conta SANDBOX.", talks: "Conversas", empty: "Ninguém escreveu ainda.",
  write: "Escrever como consumidor", name: "Nome", where: "Onde", comment: "Comentário público", direct: "Mensagem direta",
  thread: "Sob a publicação", text: "Texto", send: "Publicar", behave: "Como a rede se comporta",
  behaveWhat: "Com os próximos envios, nesta ordem; depois, normalmente.", does: "Faz", times: "Vezes", seconds: "Segundos",
  add: "Acrescentar", clear: "Esquecer tudo", again: "Escrever aqui", taken: "Entregue ao Guichê, protocolo ", refused: "Recusado: ", came: "Nova resposta: ",
  publicTalk: "Comentários em ", privateTalk: "Mensagens com ",
  ok: "Aceita.", decline: "Recusa para sempre.", accept_and_cut: "Aceita, e a conexão cai antes da resposta.",
  cut: "A conexão cai e nada foi aceito.", slow: "Demora os segundos indicados e aceita.",
  rate_limit: "Pede para esperar os segundos indicados (429).", error: "Responde com erro 500 e nada foi aceito.",
  forget: "Não reconhece repetições, até que se esqueça tudo.",
};
const EN = {
  what: "A pretend network: write as a consumer, answer in Guichê, and see the answer arrive here.",
  account: "The company's account", none: "There is no SANDBOX account.", talks: "Conversations", empty: "Nobody has written yet.",
  write: "Write as a consumer", name: "Name", where: "Where", comment: "Public comment", direct: "Direct message",
  thread: "Under the post", text: "Text", send: "Post", behave: "How the network behaves",
  behaveWhat: "With what is sent next, in this order; then as usual.", does: "Does", times: "Times", seconds: "Seconds",
  add: "Add", clear: "Forget all", again: "Write here", taken: "Handed to Guichê, protocol ", refused: "Refused: ", came: "New answer: ",
  publicTalk: "Comments on ", privateTalk: "Messages with ",
  ok: "Takes it.", decline: "Refuses it for good.", accept_and_cut: "Takes it, and the connection breaks before the answer.",
  cut: "The connection breaks, and nothing was taken.", slow: "Waits so many seconds, then takes it.",
  rate_limit: "Asks to wait so many seconds (429).", error: "Answers with error 500, and nothing was taken.",
  forget: "Does not recognise repeats, until all is forgotten.",
};
const SAY = navigator.language.toLowerCase().startsWith("pt") ? PT : EN;
const LASTING = ["slow", "rate_limit"];
const $ = (id) => document.getElementById(id);
document.documentElement.lang = SAY === PT ? "pt-BR" : "en";
for (const each of document.querySelectorAll("[data-say]")) each.textContent = SAY[each.dataset.say];

function made(name, text, className) {
  const node = document.createElement(name);
  node.textContent = text || "";
  if (className) node.className = className;
  return node;
}

async function ask(path, told) {
  const asked = told && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(told) };
  const answer = await fetch("/sandbox/api/accounts" + path, asked);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

function plain(name) {
  return name.normalize("NFD").replace(/[^A-Za-z0-9]+/g, "").toLowerCase() || "alguem";
}

function bubble(post) {
  const node = made("div", "", post.fromCompany ? "post ours" : "post");
  node.append(made("small", (post.fromCompany ? $("account").selectedOptions[0].textContent : post.name) + " · " + new Date(post.at).toLocaleTimeString()));
  node.append(made("p", post.text));
  for (const file of post.files) node.append(made("small", "📎 " + file.name + " (" + file.size + " B)"));
  return node;
}

function talk(thread, posts) {
  const node = document.createElement("article");
  const own = posts.some((post) => post.visibility === "PRIVATE");
  const person = posts.find((post) => !post.fromCompany) || posts[0];
  node.append(made("h3", own ? SAY.privateTalk + person.name : SAY.publicTalk + thread));
  node.append(...posts.map(bubble));
  const again = made("button", SAY.again);
  again.type = "button";
  again.dataset.thread = thread;
  again.setAttribute("aria-label", SAY.again + ": " + node.firstChild.textContent);
  again.addEventListener("click", () => {
    $("visibility").value = own ? "PRIVATE" : "PUBLIC";
    $("thread").value = thread;
    $("name").value = person.name;
    $("visibility").dispatchEvent(new Event("change"));
    $("text").focus();
  });
  node.append(again);
  return node;
}

// What arrives is said to those who do not see it; what stood there before is not.
function announce(account, posts) {
  const ours = posts.filter((post) => post.fromCompany);
  if (heard.account === account && ours.length > heard.count) $("news").textContent = SAY.came + ours[ours.length - 1].text;
  heard = { account, count: ours.length };
}

let shown = "";
let heard = {};
async function look() {
  const account = $("account").value;
  if (!account) return;
  const told = await ask("/" + account);
  const news = JSON.stringify(told);
  if (news === shown) return;
  shown = news;
  announce(account, told.posts);
  const focused = document.activeElement.dataset.thread;
  const threads = new Map();
  for (const post of told.posts) threads.set(post.thread, [...(threads.get(post.thread) || []), post]);
  const talks = [...threads].map(([thread, posts]) => talk(thread, posts)).reverse();
  $("threads").replaceChildren(...(talks.length ? talks : [made("p", SAY.empty)]));
  for (const button of $("threads").querySelectorAll("button")) if (button.dataset.thread === focused) button.focus();
  $("lines").replaceChildren(...told.script.map((line) => made("li", line.do + " × " + line.times + (line.seconds ? ", " + line.seconds + " s" : ""))));
}

$("write").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = $("name").value.trim();
  const post = { personId: plain(name), name, visibility: $("visibility").value, thread: $("thread").value, text: $("text").value };
  try {
    const told = await ask("/" + $("account").value + "/write", post);
    const [result] = told.webhook.answer.results || [];
    const wrong = (result && result.error) || told.webhook.answer.error;
    $("said").textContent = wrong ? SAY.refused + wrong.message : SAY.taken + result.protocol;
    if (!wrong) $("text").value = "";
  } catch (error) {
    $("said").textContent = SAY.refused + error.message;
  }
  await look();
});

$("visibility").addEventListener("change", () => { $("under").hidden = $("visibility").value === "PRIVATE"; });
function explain() {
  $("meaning").textContent = SAY[$("behaviour").value];
  $("lasting").hidden = !LASTING.includes($("behaviour").value);
}
$("behaviour").addEventListener("change", explain);
explain();

async function direct(told) {
  try {
    await ask("/" + $("account").value + "/script", told);
    $("told").textContent = "";
  } catch (error) {
    $("told").textContent = SAY.refused + error.message;
  }
  await look();
}

$("script").addEventListener("submit", async (event) => {
  event.preventDefault();
  const behaviour = $("behaviour").value;
  const seconds = LASTING.includes(behaviour) ? Number($("seconds").value) : 0;
  await direct({ lines: [{ do: behaviour, times: Number($("times").value), seconds }] });
});
$("clear").addEventListener("click", () => direct({ instead: true }));
$("account").addEventListener("change", look);

async function watch() {
  await look().catch(() => {});
  setTimeout(watch, 1000);
}

ask("").then((told) => {
  for (const each of told.accounts) {
    const option = made("option", each.name);
    option.value = each.id;
    $("account").append(option);
  }
  if (!told.accounts.length) {
    $("threads").replaceChildren(made("p", SAY.none));
    for (const button of document.querySelectorAll("button")) button.disabled = true;
  }
  watch();
});
