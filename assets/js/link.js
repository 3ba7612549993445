// @ts-check
import { form, get, post, say, show } from "./form.js";

// Mail scanners open links: only the form at the end uses it up.
const secret = location.hash.slice(1);

get("begin").addEventListener("click", () => {
  if (secret === "") return show("problem", say("all.invalid_link"));
  get("begin").hidden = true;
  get("form").hidden = false;
  get("password").focus();
});

form({
  send: ({ password }) => post("/auth/link", { secret, password }),
  done: () => {
    get("form").hidden = get("lead").hidden = true;
    get("done").hidden = false;
    get("go").hidden = false;
    get("go").focus();
  },
});
