// Makes the classic script of the client from its module: `node tests/client/classic.mjs`.
// The rule: what is exported stays inside of a function, and `window.doorward` gets it.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (name) => new URL(`../../assets/client/${name}`, import.meta.url);
export const MODULE = path("doorward.js");
export const CLASSIC = path("doorward.classic.js");

/** The text of the classic script. */
export const classic = (module) => {
  const names = [...module.matchAll(/^export (?:const|class|function) (\w+)/gm)].map(([, name]) => name);
  const inner = module.replace(/^export /gm, "").replace(/^\/\/ @ts-check\n/, "");
  return `// Made of doorward.js by tests/client/classic.mjs.\n"use strict";\n(() => {\n${inner}\nwindow.doorward = { ${names.join(", ")} };\n})();\n`;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(CLASSIC, classic(readFileSync(MODULE, "utf8")));
}
