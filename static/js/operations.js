// @ts-check
/** The operators' page renews itself, and says so when the server does not answer. */
const EVERY_MS = 3000;

const part = document.getElementById("operations");
const stale = document.getElementById("stale");

async function renew() {
  if (part === null || stale === null || document.hidden) return;
  try {
    const answer = await fetch(part.dataset.part ?? "", { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    part.innerHTML = await answer.text();
    stale.hidden = true;
  } catch {
    stale.hidden = false;
  }
}

setInterval(() => void renew(), EVERY_MS);
