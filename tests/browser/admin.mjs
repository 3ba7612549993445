// How the tests of the administration get about in it.
import { tabTo } from "./harness.mjs";
import { ADMIN } from "./server.mjs";

/** The administration at a part of it, on a fresh password. */
export const openAdmin = async (suite, hash, options = {}) => {
  const page = await suite.signedIn(ADMIN, "/admin", { causes: [401, 403], ...options });
  await page.locator("#tabs").waitFor();
  await page.goto(`/admin#${hash}`);
  await page.locator("#main[aria-busy]").waitFor({ state: "detached" });
  return page;
};

export const dialog = (page, name) => page.getByRole("dialog", { name });

/** Goes by Tab to something that says this, and presses it. */
export const press = async (page, text, key = "Tab") => {
  await tabTo(page, text, key);
  await page.keyboard.press("Enter");
};
