// @ts-check
/** The auditor's screen: renews the verification while it runs. */
const EVERY_MS = 1000;

const part = document.getElementById("verification");

async function renew() {
  if (part === null || part.querySelector("[data-running]") === null) return;
  try {
    const answer = await fetch(part.dataset.part ?? "", { headers: { Accept: "text/html" } });
    if (answer.ok && !answer.redirected) part.innerHTML = await answer.text();
  } catch {
    // the server is away: what is shown stays, and the next look tries again
  }
}

setInterval(() => void renew(), EVERY_MS);

export {}; // a module, so that its names are its own
