// Trains nlp.js on rows and answers texts: JSON on standard input and output.
//
// In: {"language": "es", "rows": [{"text", "intent"}], "texts": [...]}.
// Out: for each text a list of {"intent", "score"}; nlp.js calls "None" what it can't place.

const { LangEn, Nlp, containerBootstrap } = require("@nlpjs/basic");
const { LangEs } = require("@nlpjs/lang-es");

const LANGUAGES = { en: LangEn, es: LangEs };

async function answers({ language, rows, texts }) {
  const container = await containerBootstrap();
  container.use(LANGUAGES[language]);
  const nlp = new Nlp({ container, autoSave: false, languages: [language], nlu: { log: false } });
  nlp.addLanguage(language);
  for (const row of rows) nlp.addDocument(language, row.text, row.intent);
  await nlp.train();
  const found = [];
  for (const text of texts) found.push((await nlp.process(language, text)).classifications);
  return found;
}

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const found = await answers(JSON.parse(Buffer.concat(chunks).toString("utf8")));
  // Written last and whole: what the library prints itself stands on the lines before.
  process.stdout.write(`\n${JSON.stringify(found)}\n`);
}

main();
