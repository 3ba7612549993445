// @ts-check
/** Dialogs: a question, a small form, a typed confirmation. Made when needed, gone when closed. */

import { make } from "./admin-dom.js";
import { countDown, say, wordsFor } from "./form.js";

/** @typedef {import("./admin-api.js").Answer} Answer */

/**
 * @typedef {{ name: string, label: string, type?: string, value?: string, hint?: string, autocomplete?: string,
 *   pattern?: RegExp, wrong?: string, options?: string[] }} Field
 * @typedef {{
 *   title: string, text?: string[], content?: Node, fields?: Field[], username?: string, yes: string, no?: string,
 *   danger?: boolean, send: (values: Record<string, string>) => Promise<Answer>,
 *   fails?: (answer: Answer) => { field?: string, text: string } | undefined,
 * }} Question
 */

let made = 0;

/** One field with its label and its error. @param {Field} field @param {string} id */
function fieldElement(field, id) {
  const described = [field.hint ? `${id}-hint` : "", `${id}-error`].filter(Boolean).join(" ");
  const input = make("input", {
    id,
    name: field.name,
    type: field.type ?? "text",
    value: field.value,
    autocomplete: field.autocomplete ?? "off",
    autocapitalize: "none",
    spellcheck: "false",
    list: field.options && `${id}-list`,
    "aria-describedby": described,
  });
  const options = field.options?.map((value) => make("option", { value }));
  const error = make("p", { class: "error", id: `${id}-error`, role: "alert" });
  const element = make(
    "div",
    { class: "field" },
    make("label", { for: id, text: field.label }),
    input,
    options && make("datalist", { id: `${id}-list` }, ...options),
    field.hint && make("p", { class: "hint", id: `${id}-hint`, text: field.hint }),
    error,
  );
  /** @param {string} text */
  const complain = (text) => {
    error.textContent = text;
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  input.addEventListener("input", () => complain(""));
  return { field, input, element, complain };
}

/** What is wrong with what was typed. @param {Field} field @param {string} value */
function wrongWith(field, value) {
  if (value === "") return say("all.required");
  return field.pattern && !field.pattern.test(value) ? (field.wrong ?? say("all.required")) : "";
}

/**
 * Asks. Resolves with the good answer; with `null` where it was given up.
 * @param {Question} question @returns {Promise<Answer | null>}
 */
export function dialog(question) {
  const id = `dialog-${++made}`;
  const fields = (question.fields ?? []).map((field) => fieldElement(field, `${id}-${field.name}`));
  const problem = make("p", { class: "notice bad", role: "alert" });
  const yes = make("button", { type: "submit", class: question.danger ? "danger" : "", text: question.yes });
  const no = make("button", { type: "button", class: "plain", text: question.no ?? say("admin.cancel") });
  const text = make("div", { id: `${id}-text`, class: "stack" });
  text.append(...(question.text ?? []).map((line) => make("p", { text: line })));
  const username =
    question.username &&
    make("input", {
      class: "only-read", type: "text", autocomplete: "username", value: question.username, readonly: true,
      tabindex: "-1", "aria-hidden": "true",
    });
  const form = make(
    "form",
    { method: "post", novalidate: true },
    make("h2", { id: `${id}-title`, text: question.title }),
    text,
    question.content,
    username,
    ...fields.map(({ element }) => element),
    problem,
    make("div", { class: "buttons" }, no, yes),
  );
  const element = make("dialog", { "aria-labelledby": `${id}-title`, "aria-describedby": `${id}-text` }, form);
  document.body.append(element);

  return new Promise((resolve) => {
    /** @type {Answer | null} */
    let result = null;
    const busy = () => yes.getAttribute("aria-busy") === "true";
    element.addEventListener("cancel", (/** @type {Event} */ event) => busy() && event.preventDefault());
    element.addEventListener("close", () => {
      element.remove();
      resolve(result);
    });
    no.addEventListener("click", () => busy() || element.close());
    form.addEventListener("submit", async (/** @type {Event} */ event) => {
      event.preventDefault();
      if (busy() || yes.getAttribute("aria-disabled") === "true") return;
      problem.textContent = "";
      for (const { field, input, complain } of fields) complain(wrongWith(field, input.value));
      const wrong = fields.find(({ field, input }) => wrongWith(field, input.value));
      if (wrong) return wrong.input.focus();
      yes.setAttribute("aria-busy", "true");
      const answer = await question.send(Object.fromEntries(fields.map(({ field, input }) => [field.name, input.value])));
      yes.removeAttribute("aria-busy");
      if (answer.ok) {
        result = answer;
        return element.close();
      }
      if (answer.code === "cancelled") return;
      if (answer.status === 429) return countDown(answer, yes, problem);
      const said = question.fails?.(answer) ?? { field: undefined, text: wordsFor(answer) };
      const at = fields.find(({ field }) => field.name === said.field);
      if (!at) return void (problem.textContent = said.text);
      if (at.field.type === "password") at.input.value = "";
      at.complain(said.text);
      at.input.focus();
    });
    element.showModal();
    // Where something is lost the first key must not lose it.
    (fields[0]?.input ?? (question.danger ? no : yes)).focus();
    fields[0]?.input.select();
  });
}

/** Tells something that must be seen before going on. @param {string} title @param {string[]} lines @param {string} yes */
export function tell(title, lines, yes) {
  return new Promise((resolve) => {
    const id = `dialog-${++made}`;
    const button = make("button", { type: "button", text: yes });
    const element = make(
      "dialog",
      { "aria-labelledby": `${id}-title` },
      make(
        "div",
        {},
        make("h2", { id: `${id}-title`, text: title }),
        ...lines.map((line) => make("p", { text: line })),
        make("div", { class: "buttons" }, button),
      ),
    );
    button.addEventListener("click", () => element.close());
    element.addEventListener("close", () => {
      element.remove();
      resolve(undefined);
    });
    document.body.append(element);
    element.showModal();
  });
}
