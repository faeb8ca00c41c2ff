// A stand-in identity provider for the demo and for tests: `oidc-provider` shaped as UAE Pass.
//
// Everybody may be anybody here, so it starts in demo mode only and listens on the loopback
// interface only. One JSON object comes on the first line of standard input:
//   {issuer, port, client: {id, secret, redirect, signedOut, backchannel}, people: [{sub, claims}]}
// It prints `ready` when it serves, and ends when standard input ends, that is with its parent.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

if (process.env.MAHDAR_MODE !== "demo") {
  console.error("The stand-in identity provider starts in demo mode only (MAHDAR_MODE=demo).");
  process.exit(2);
}
const { default: Provider, interactionPolicy } = await import("oidc-provider");

const lines = createInterface({ input: process.stdin });
lines.once("close", () => process.exit(0));
const settings = JSON.parse(await new Promise((resolve) => lines.once("line", resolve)));

const { client, people } = settings;
const UAE = "urn:safelayer:tws:policies:authentication:level:";
const OURS = "urn:mahdar:acr:";
const LEVELS = ["low", "medium", "high"];
const levelOf = (acr) => LEVELS.indexOf(String(acr ?? "").split(":").at(-1));

/** oidc-provider offers `acr_values` and does not enforce them: without this check a session of
 * a weaker sign-in would answer a step-up. */
function enforced() {
  const policy = interactionPolicy.base();
  policy.get("login").checks.add(
    new interactionPolicy.Check("acr", "a stronger sign-in is required", (ctx) => {
      const wanted = String(ctx.oidc.params.acr_values ?? "").split(" ").map(levelOf);
      return Math.max(-1, ...wanted) > levelOf(ctx.oidc.acr);
    }),
  );
  return policy;
}

const key = (type, options, alg) => {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: "jwk" }), alg, use: "sig", kid: `${alg}-${Date.now()}` };
};

const provider = new Provider(settings.issuer, {
  clients: [
    {
      client_id: client.id,
      client_secret: client.secret,
      redirect_uris: [client.redirect],
      post_logout_redirect_uris: [client.signedOut],
      backchannel_logout_uri: client.backchannel,
      backchannel_logout_session_required: true,
      id_token_signed_response_alg: "ES256",
      grant_types: ["authorization_code"],
      response_types: ["code"],
      token_endpoint_auth_method: "client_secret_basic",
    },
  ],
  jwks: { keys: [key("ec", { namedCurve: "P-256" }, "ES256"), key("rsa", { modulusLength: 2048 }, "RS256")] },
  cookies: { keys: [randomBytes(32).toString("hex")], names: { session: "idp", interaction: "idp_i", resume: "idp_r" } },
  acrValues: [UAE, OURS].flatMap((prefix) => LEVELS.map((level) => prefix + level)),
  scopes: ["openid", "profile", "urn:uae:digitalid:profile:general"],
  claims: {
    openid: ["sub"],
    profile: ["name", "name#ar"],
    "urn:uae:digitalid:profile:general": ["uuid", "userType", "idn", "fullnameAR", "fullnameEN", "email"],
    acr: null,
    auth_time: null,
    sid: null,
  },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  interactions: { policy: enforced(), url: (_ctx, { uid }) => `/interaction/${uid}` },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        ctx.body = page("Sign out", `<p>Sign out of the stand-in identity?</p>${form}
          <button id="out" form="op.logoutForm" name="logout" value="yes" autofocus>Yes, sign out</button>`);
      },
    },
  },
  ttl: { Session: 3600, Interaction: 600, Grant: 3600, AccessToken: 300, IdToken: 300, AuthorizationCode: 60 },
  // oidc-provider calls no loopback address; the demo's house is on one.
  fetch: (address, { dispatcher: _guarded, ...options }) => fetch(address, options),
  findAccount: (_ctx, sub) => {
    const person = people.find((one) => one.sub === sub);
    return person && { accountId: sub, claims: () => ({ sub, ...person.claims }) };
  },
  // Nobody is asked for consent: UAE Pass asks on the telephone.
  loadExistingGrant: async (ctx) => {
    const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid profile urn:uae:digitalid:profile:general");
    await grant.save();
    return grant;
  },
  renderError: (ctx, out) => {
    ctx.type = "html";
    ctx.body = page("Refused", `<p>${escape(out.error)}: ${escape(out.error_description)}</p>`);
  },
});
provider.on("server_error", (_ctx, error) => console.error(error.name, error.message));
provider.on("backchannel.error", (_ctx, error) => console.error("back-channel logout failed:", error.message, error.cause?.message ?? ""));

const escape = (text) => String(text ?? "").replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

function page(title, body) {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
    <title>${title} - stand-in identity</title>
    <style>body{font:16px/1.6 sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}
      button{display:block;width:100%;margin:.4rem 0;padding:.7rem;text-align:start;font:inherit}</style>
    <h1>Stand-in identity provider</h1><p>For the demo and for tests. Nothing here is real.</p>${body}</html>`;
}

const read = async (request) => {
  let body = "";
  for await (const piece of request) {
    body += piece;
    if (body.length > 10_000) throw new Error("too long");
  }
  return new URLSearchParams(body);
};

/** Who are you, and how strongly do you prove it? `level` is what was asked for. */
async function ask(request, response) {
  const { uid, params, lastSubmission } = await provider.interactionDetails(request, response);
  const level = LEVELS[Math.max(0, ...String(params.acr_values ?? "").split(" ").map(levelOf))];
  const buttons = people.map(
    (one) => `<button name="sub" value="${escape(one.sub)}">${escape(one.claims.fullnameEN?.replaceAll(",", " "))}
      <bdi>${escape(one.claims.fullnameAR?.replaceAll(",", " "))}</bdi> · ${escape(one.claims.userType)}</button>`,
  );
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(
    page(
      "Sign in",
      `${lastSubmission ? "<p>That was not enough for what was asked.</p>" : ""}
      <p>Asked for: <b id="level">${level}</b></p>
      <form method="post" action="/interaction/${uid}"><input type="hidden" name="level" value="${level}">${buttons.join("")}</form>
      <form method="post" action="/interaction/${uid}"><button name="cancel" value="1">Cancel</button></form>`,
    ),
  );
}

async function answer(request, response) {
  const form = await read(request);
  const { params } = await provider.interactionDetails(request, response);
  if (form.get("cancel")) {
    const result = { error: "access_denied", error_description: "the person cancelled" };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  const prefix = String(params.acr_values ?? "").startsWith(OURS) ? OURS : UAE;
  const level = LEVELS.includes(form.get("level")) ? form.get("level") : "low";
  const login = { accountId: form.get("sub"), acr: prefix + level, amr: ["mobileid"] };
  return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
}

const protocol = provider.callback();
createServer((request, response) => {
  if (!request.url.startsWith("/interaction/")) return protocol(request, response);
  const handle = request.method === "POST" ? answer : ask;
  return handle(request, response).catch((error) => {
    response.statusCode = 400;
    response.end(page("Refused", `<p>${escape(error.message)}</p>`));
  });
}).listen(settings.port, "127.0.0.1", () => console.log("ready"));
