// Looks at pages that were saved, as axe does: node axe.mjs page.html …
import { readFileSync } from "node:fs";
import axe from "axe-core";
import { JSDOM } from "jsdom";

for (const path of process.argv.slice(2)) {
  const { window } = new JSDOM(readFileSync(path, "utf8"), { runScripts: "outside-only" });
  window.eval(axe.source);
  // What needs a screen is looked at in a browser.
  const rules = { "color-contrast": { enabled: false } };
  const { violations, passes } = await window.axe.run(window.document, { rules });
  const found = violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
  console.log(JSON.stringify({ found, passed: passes.length }));
}
