// Both pages: quiet, laid out and accessible, wide and narrow, light and dark.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RUN, accessible, address, dataOf, laidOut, open, quiet, start } from './house.mjs';

let browser;
before(async () => { browser = await start(); });
after(() => browser.close());

const first = () => { const data = dataOf('discrepancies.html'); return data.words[data.rows[0][data.columns.indexOf('id')]]; };
const PAGES = [['discrepancies.html', ''], ['discrepancies.html', `open=${first()}`], ['discrepancies.html', 'group=rule'], ['report.html', '']];

for (const [file, fragment] of PAGES) {
  describe(`${file}#${fragment}`, () => {
    for (const scheme of ['light', 'dark']) {
      for (const width of [360, 1600]) {
        test(`is quiet and laid out, ${scheme}, ${width} wide`, async () => {
          const opened = await open(browser, address(file, fragment), { width, scheme });
          await laidOut(opened.page, `${file} ${fragment}`);
          // The same with everything unfolded.
          await opened.page.$$eval('details', (all) => all.slice(0, 40).forEach((one) => { one.open = true; }));
          await laidOut(opened.page, `${file} ${fragment}, unfolded`);
          await quiet(opened);
          await opened.context.close();
        });
      }
      test(`axe finds nothing, ${scheme}`, async () => {
        const { page, context } = await open(browser, address(file, fragment), { scheme });
        await accessible(page, `${file} ${fragment} ${scheme}`);
        await context.close();
      });
    }
    test('axe finds nothing, narrow', async () => {
      const { page, context } = await open(browser, address(file, fragment), { width: 360 });
      await accessible(page, `${file} ${fragment}, narrow`);
      await context.close();
    });
  });
}

for (const file of ['discrepancies.html', 'report.html']) {
  test(`${file} has a policy that lets nothing in, and no inline handlers or styles`, () => {
    const page = readFileSync(path.join(RUN, file), 'utf8');
    const policy = page.match(/http-equiv="Content-Security-Policy" content="([^"]*)"/)[1];
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; script-src ('none'|'sha256-[^']+'); base-uri 'none'; form-action 'none'$/);
    const body = page.slice(page.indexOf('<body>')).replace(/<script[\s\S]*?<\/script>/g, '');
    assert.doesNotMatch(body, /<[^>]*\s(on[a-z]+|style)=/i);
    assert.doesNotMatch(body, /<(link|img|iframe|object|embed)\b/i);
  });

  test(`${file}: text at twice its size needs no scrolling sideways, and text spacing cuts nothing off`, async () => {
    const { page, context } = await open(browser, address(file), { width: 1280, height: 900 });
    // As a reader's own settings do it: through the browser, not through a style of the page.
    const session = await context.newCDPSession(page);
    await session.send('Emulation.setDeviceMetricsOverride', { width: 640, height: 450, deviceScaleFactor: 2, mobile: false });
    await laidOut(page, `${file} at 200 %`);
    await page.evaluate(() => {
      const sheet = new CSSStyleSheet();
      // Words in a chart are part of a picture, whose numbers stand in a table.
      sheet.replaceSync('*:not(svg,svg *){line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}svg{letter-spacing:0!important;word-spacing:0!important}p{margin-bottom:2em!important}');
      document.adoptedStyleSheets = [sheet];
    });
    await laidOut(page, `${file} with text spacing`);
    await context.close();
  });

  test(`${file}: headings go down one level at a time, and begin with one h1`, async () => {
    const { page, context } = await open(browser, address(file));
    const levels = await page.$$eval('h1,h2,h3,h4,h5,h6', (all) => all.map((one) => Number(one.localName[1])));
    assert.equal(levels[0], 1);
    assert.equal(levels.filter((level) => level === 1).length, 1);
    levels.reduce((above, level) => { assert.ok(level <= above + 1, `h${level} below h${above}`); return level; });
    assert.ok(levels.length > 5);
    await context.close();
  });

  test(`${file}: motion is only for those who like it`, async () => {
    const { page, context } = await open(browser, address(file), { reducedMotion: 'reduce' });
    const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((element) => {
      const style = getComputedStyle(element);
      return style.scrollBehavior === 'smooth' || style.transitionDuration !== '0s' || style.animationName !== 'none';
    }).length);
    assert.equal(moving, 0);
    await context.close();
  });
}
