// Looks up a protocol in a browser, and waits to be told of a change: node browser.mjs url protocol proof
import axe from "axe-core";
import { chromium } from "playwright-core";

const [url, protocol, proof] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage({ locale: "pt-BR" });
const complaints = [];
page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));

async function look() {
  // The page lets nothing be added to it; this is not the page's.
  const { violations } = await page.evaluate(`${axe.source}; axe.run(document)`);
  return violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
}
const tell = (told) => console.log(JSON.stringify(told));

await page.goto(`${url}/protocolo`);
const form = await look();
await page.getByLabel("Número do protocolo").fill(protocol);
await page.getByLabel("CPF ou e-mail").fill(proof);
// Heard from the beginning: the first message may come before the page is looked at.
const following = new Promise((follows) => page.on("websocket", (socket) => {
  socket.on("framereceived", ({ payload }) => payload.includes('"next"') && follows());
}));
await page.getByRole("button", { name: "Consultar" }).click();
await page.getByRole("heading", { level: 1 }).waitFor();
await following;
tell({ stage: await page.locator("#stage").textContent(), form, status: await look(), url: page.url() });
await page.locator("#live").filter({ hasText: "novidades" }).waitFor();
tell({ stage: await page.locator("#stage").textContent(), complaints });
if (process.env.PICTURE) await page.screenshot({ path: process.env.PICTURE, fullPage: true });
await browser.close();
