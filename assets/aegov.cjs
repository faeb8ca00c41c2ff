// The design system without its 36 @font-face rules, which fetch from a host of Google's:
// a court's page must work on a closed network and under default-src 'self'. assets/app.css
// declares the same families from our own files.
const styles = require("@aegov/design-system/dist/plugin.js");

delete styles["@layer aegov-base"]["@font-face"];

const quiet = (run) => {
  const saved = { log: console.log, group: console.group };
  console.log = console.group = () => {};
  try {
    return run();
  } finally {
    Object.assign(console, saved);
  }
};

const plugin = require("@aegov/design-system");

module.exports = {
  ...plugin,
  handler: (api) => quiet(() => plugin.handler(api)),
};
