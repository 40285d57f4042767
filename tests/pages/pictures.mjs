// Makes the pictures of README from a run: node pictures.mjs FOLDER (default docs/pictures).

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { address, launch, open } from './browser.mjs';

const folder = process.argv[2] ?? join(import.meta.dirname, '../../docs/pictures');
mkdirSync(folder, { recursive: true });
const browser = await launch();

/** A picture of the screen as it is. */
async function picture(name, page, from, height) {
  await page.evaluate((selector) => {
    document.documentElement.style.scrollBehavior = 'auto';
    if (selector) document.querySelector(selector).scrollIntoView({ block: 'start' });
    document.activeElement?.blur();
  }, from);
  await page.screenshot({ path: join(folder, name), clip: { x: 0, y: 0, width: 1200, height } });
}

const size = { viewport: { width: 1200, height: 900 } };
const auditor = await open(browser, address('discrepancies.html'), size);
await picture('discrepancies.png', auditor.page, null, 900);
await auditor.page.fill('#search', 'not_before_opening');
await auditor.page.waitForFunction(() => location.hash.includes('q='));
await auditor.page.locator('button.open').first().click();
await picture('discrepancy.png', auditor.page, '#discrepancies', 900);
await auditor.context.close();

const report = await open(browser, address('report.html'), size);
await picture('report.png', report.page, '#headlines', 900);
await report.context.close();
await browser.close();
