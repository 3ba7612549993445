// @ts-check
import { form, get, post, say, signedIn } from "./form.js";

form({
  send: ({ email, password }) => post("/auth/register", { email, password }),
  done: () => signedIn("/account"),
  fails: (answer) => (answer.code === "email_taken" ? { field: "email", text: say("register.taken") } : undefined),
});

get("email").focus();
