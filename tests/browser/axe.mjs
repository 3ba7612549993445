// axe, which finds what stands in the way of people who see, hear or move otherwise.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds, in a line each. */
export const findings = async (page) => {
  await page.evaluate(source);
  return page.evaluate(async () => {
    // @ts-ignore: from the source above
    const { violations, passes } = await axe.run(document);
    if (passes.length < 10) return [`only ${passes.length} rules applied`];
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
  });
};
