// @ts-check
import { form, get, post, say, show, signedIn } from "./form.js";

const secret = location.hash.slice(1);

form({
  send: ({ email, password }) => post("/auth/setup", { secret, email, password }),
  done: () => signedIn("/account"),
  fails: (answer) => {
    if (answer.code === "setup_done") return { text: say("setup.done") };
    return answer.code === "email_taken" ? { field: "email", text: say("setup.taken") } : undefined;
  },
});

if (secret === "") show("problem", say("all.invalid_link"));
get("email").focus();
