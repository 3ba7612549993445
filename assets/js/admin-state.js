// @ts-check
/** What a part of the page shows until it is filled in: that it loads, or nothing where that failed. */

/** @param {HTMLElement} place */
export const loading = (place) => void (place.dataset.state = "loading");

/** @param {HTMLElement} place */
export const missing = (place) => void (place.dataset.state = "failed");

/** @param {HTMLElement} place */
export const ready = (place) => void delete place.dataset.state;
