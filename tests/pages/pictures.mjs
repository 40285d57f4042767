// node pictures.mjs [OUT]: the pictures of the README, of the run in $TRUEUP_RUN, into docs/pictures.
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { address, dataOf, open, rowsOf, start } from './house.mjs';

const out = path.resolve(process.argv[2] || fileURLToPath(new URL('../../docs/pictures', import.meta.url)));
mkdirSync(out, { recursive: true });
const browser = await start();

/** A part of a page, 1,200 pixels wide, of a window that is so wide. */
async function picture(name, file, fragment, width, prepare) {
  const { page, context } = await open(browser, address(file, fragment), { width, height: 1000, deviceScaleFactor: 1200 / width });
  const { from, height } = await prepare(page);
  const target = path.join(out, name);
  await page.evaluate(() => document.activeElement?.blur());
  await page.screenshot({ path: target, fullPage: true, clip: { x: 0, y: Math.max(0, from), width, height } });
  const bytes = statSync(target).size;
  console.log(`${target}: ${bytes} bytes`);
  if (bytes > 300_000) throw new Error(`${name} is larger than 300 KB: crop it`);
  await context.close();
}

const top = (page, selector) => page.$eval(selector, (element) => element.getBoundingClientRect().top + scrollY);

await picture('discrepancies.png', 'discrepancies.html', '', 1200, async (page) => ({ from: await top(page, 'h1') - 16, height: 900 }));
// A row that was held back says most: what was delivered, what is wrong with it, and what was done.
const rows = rowsOf(dataOf('discrepancies.html'));
const shown = rows.find((row) => row.record !== null && row.action === 'quarantined') || rows[0];
await picture('discrepancy.png', 'discrepancies.html', `rule=${shown.rule.id}&open=${shown.id}`, 1200, async (page) => ({ from: await top(page, '#discrepancies') - 8, height: 1250 }));
await picture('report.png', 'report.html', '', 1200, async (page) => ({ from: await top(page, '#headlines') - 8, height: 900 }));
await browser.close();
