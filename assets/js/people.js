// @ts-check
/** The people of the development stub, as buttons that fill in the sign-in and send it. */

import { fieldError, get } from "./form.js";

/** @type {[string, string, string, boolean][]} address, password, role, whether they may not sign in */
const people = JSON.parse(get("people").dataset.people);

/** The part before the @ where that tells them apart, else the address. @param {string} email */
function nameOf(email) {
  const name = email.split("@")[0];
  return people.filter(([other]) => other.split("@")[0] === name).length === 1 ? name : email;
}

for (const [email, password, role, disabled] of people) {
  const item = get("person").content.cloneNode(true);
  const part = (/** @type {string} */ name) => item.querySelector(`[data-part="${name}"]`);
  const button = item.querySelector("button");
  part("name").textContent = nameOf(email);
  part("role").textContent = role;
  part("disabled").hidden = !disabled;
  button.title = email;
  button.addEventListener("click", () => {
    if (get("submit").getAttribute("aria-busy") === "true") return;
    for (const [id, value] of [["email", email], ["password", password]]) {
      get(id).value = value;
      fieldError(id, "");
    }
    get("form").requestSubmit();
  });
  get("people").append(item);
}
