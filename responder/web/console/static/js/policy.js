// The one way by which text from our own server becomes elements: every other is closed by the
// page's policy (`require-trusted-types-for 'script'`). Browsers without Trusted Types parse plainly.

/** @type {{createHTML: (html: string) => any}} */
const policy = window.trustedTypes
  ? window.trustedTypes.createPolicy("console", { createHTML: (html) => html })
  : { createHTML: (html) => html };

/**
 * A page of ours without its frame.
 * @param {string} html
 * @returns {Document}
 */
function parsed(html) {
  return new DOMParser().parseFromString(policy.createHTML(html), "text/html");
}

/**
 * Ask for what this page would show now.
 * @param {string} address
 * @returns {Promise<Document>} rejects when the server is away or says no
 */
export async function fragment(address) {
  const answer = await fetch(address, { headers: { "X-Fragment": "1" }, redirect: "error" });
  if (answer.status === 401) location.assign("/login"); // what was typed is kept by the tab
  if (!answer.ok) throw new Error(`the server said ${answer.status}`);
  return parsed(await answer.text());
}
