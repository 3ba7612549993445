import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import vm from "node:vm";
import { gzipSync } from "node:zlib";

import * as module from "../../assets/client/doorward.js";
import { CLASSIC, MODULE, classic } from "./classic.mjs";

const text = (url) => readFileSync(url, "utf8");

test("the module stays under 5,000 bytes, gzipped", () => {
  const size = gzipSync(readFileSync(MODULE), { level: 9 }).length;
  assert.ok(size < 5000, `${size} bytes`);
});

test("its version is the one of the server", () => {
  const [, version] = /^version = "(.+)"$/m.exec(text(new URL("../../Cargo.toml", import.meta.url)));
  assert.equal(module.version, version);
});

test("the classic script is the module (else run `node tests/client/classic.mjs`)", () => {
  assert.equal(text(CLASSIC), classic(text(MODULE)));
});

test("the classic script gives window what the module exports, and no other global", () => {
  const window = {};
  const context = vm.createContext({ window, URL, AbortController, location: { href: "https://a.example/", origin: "https://a.example" } });
  const before = Object.keys(context);
  vm.runInContext(text(CLASSIC), context);
  assert.deepEqual(Object.keys(window.doorward).sort(), Object.keys(module).sort());
  assert.deepEqual(Object.keys(context), before);
  assert.equal(window.doorward.createAuth().status.state, "unknown");
});

test("neither loads anything, evaluates anything or touches storage", () => {
  const code = text(MODULE).replace(/\/\*\*.*?\*\//gs, "");
  const found = /\bimport\b|\beval\b|new Function|\w*Storage\b|indexedDB|innerHTML|\.cookie\b/.exec(code);
  assert.equal(found, null);
});

test("types: the module keeps what its .d.ts says, under --strict", async () => {
  const tsc = fileURLToPath(new URL("node_modules/typescript/bin/tsc", import.meta.url));
  const project = fileURLToPath(new URL(".", import.meta.url));
  const done = await promisify(execFile)(process.execPath, [tsc, "--project", project]).catch((error) => error);
  assert.equal(done.stdout, "");
  assert.ok(!(done instanceof Error), String(done));
});
