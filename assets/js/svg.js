// @ts-check
/** Pictures, made by hand. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element of SVG.
 * @param {string} name @param {Record<string, string | number>} attributes @param {(Element | string)[]} children
 * @returns {SVGElement}
 */
export function svg(name, attributes, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}
