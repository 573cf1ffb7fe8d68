// A centre takes attendance and refers somebody to a partner's desk, which accepts; head
// office sees both devices. All programs are real.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch } from './browser.mjs'
import { choose, everywhere, langs, look, tablet, tabTo, words } from './look.mjs'
import { freePort, rawaj, start } from './program.mjs'

const dir = mkdtempSync(join(tmpdir(), 'rawaj-e2e-'))
const data = { office: join(dir, 'office'), rooyesh: join(dir, 'rooyesh'), desk: join(dir, 'desk') }
const wait = { timeout: 60_000 }
// Pages live where it is noon now, so that a session of today is over or not as planned.
const ahead = 12 - new Date().getUTCHours()
const noon = `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`
let browser, office, rooyesh, desk, address, centre, partner, head

async function open(link) {
  const context = await browser.newContext({ viewport: { width: tablet[0], height: tablet[1] }, locale: 'en-GB', timezoneId: noon })
  const page = await context.newPage()
  page.on('console', (m) => m.type() === 'error' && !/ERR_(INCOMPLETE|CONNECTION|EMPTY)|422|503|net::/.test(m.text()) && assert.fail(`the page says: ${m.text()}`))
  page.on('pageerror', (e) => assert.fail(`the page throws: ${e}`))
  await page.goto(await link)
  return page
}

async function run(code, at) {
  await rawaj('site', 'enrol', '--data', at, '--server', `http://${address}`, '--code', code, '--label', 'tablet')
  return start('site', 'run', '--data', at, '--listen', `127.0.0.1:${await freePort()}`)
}

before(async () => {
  browser = await launch()
  address = `127.0.0.1:${await freePort()}`
  office = start('serve', '--data', data.office, '--listen', address, '--org', 'Intaj')
  head = await open(office.link)
})

after(async () => {
  await browser?.close()
  await Promise.all([rooyesh?.stop(), desk?.stop(), office?.stop()])
  rmSync(dir, { recursive: true, force: true })
})

async function enrol(site, kind, lang) {
  await choose(head, 'en', 'light')
  await head.click('[data-code]')
  await head.fill('#code-site', site)
  await head.selectOption('[data-kind]', kind)
  await head.locator('dialog select').nth(1).selectOption(lang)
  await head.click('[data-code-go]')
  const code = await head.getAttribute('[data-enrol-code]', 'data-enrol-code')
  assert.equal((await head.locator('[data-enrol-code] span').allTextContents()).join('-'), code)
  assert.equal(await head.getAttribute('[data-qr]', 'data-qr'), code)
  return code
}

test('codes made on the dashboard take devices in', async () => {
  await head.click('nav a[href="#sites"]')
  rooyesh = await run(await enrol('مرکز رویش طرق', 'rooyesh_centre', 'fa'), data.rooyesh)
  desk = await run(await enrol('كميته امداد', 'partner_desk', 'ar'), data.desk)
  centre = await open(rooyesh.link)
  partner = await open(desk.link)
  assert.equal(await centre.getAttribute('html', 'lang'), 'fa')
  await partner.locator('nav a').first().waitFor(wait)
  assert.deepEqual(await partner.locator('nav a').evaluateAll((list) => list.map((a) => a.hash)), ['#referrals', '#sync'], 'a desk records referrals alone')
  await choose(head, 'en', 'light')
  for (let i = 0; i < 2; i++) await head.locator('[data-health=fresh]').nth(i).waitFor(wait)
})

test('a workshop and a session are planned, and people are added', async () => {
  await choose(centre, 'en', 'light')
  await centre.click('nav a[href="#attendance"]')
  await centre.click('[data-plan]')
  await centre.click('[data-add-workshop]')
  await centre.fill('#workshop-name', 'گلیم‌بافی')
  await centre.fill('#workshop-minutes', '۱۲۰')
  await centre.click('dialog .pay')
  await centre.fill('#plan-from', '25')
  await centre.click('[data-plan-go]')
  assert.ok((await centre.textContent('#plan-error')).length > 0)
  assert.equal(await centre.evaluate(() => document.activeElement.id), 'plan-from', 'focus goes to what is wrong')
  await centre.fill('#plan-from', '۰۹:۱۵')
  await centre.fill('#plan-to', '٢٣:٤٥')
  await centre.click('[data-plan-go]')
  await centre.click('[data-session]')
  assert.match(await centre.textContent('main'), /9:15.*23:45/s)
  for (const [name, card] of [['زهرا کریمی', 'K-۱'], ['فاطمة علي', 'K-2'], ['Maryam Haddad', 'K-3']]) {
    await centre.click('[data-add-person]')
    await centre.fill('#person-name', name)
    await centre.fill('#person-card', card)
    await centre.fill('#person-phone', '۰۹۱۵۰۰۰۰۰۰۰')
    await centre.click('dialog .pay')
    await centre.waitForSelector('dialog', { state: 'detached' })
    await centre.waitForSelector(`[data-person]:has-text("${name}")`)
  }
})

const row = (name) => `[data-person]:has-text("${name}")`
const standing = (name, want) => centre.waitForSelector(`[data-standing=${want}]:has-text("${name}")`, wait)

test('two come in, one goes out', async () => {
  await tabTo(centre, '[data-person]')
  while (!(await centre.evaluate(() => document.activeElement.textContent)).includes('زهرا')) await tabTo(centre, '[data-person]')
  await centre.keyboard.press('Enter')
  await standing('زهرا', 'in')
  await centre.keyboard.type('K-3\n') // as a scanner does, wherever somebody is
  await standing('Maryam', 'in')
  assert.equal(await centre.textContent('[data-count]'), words.en['attend.of'].replace('{n, number}', '2').replace('{m, number}', '3'))
  // A card read twice at the door is one reading, and the page says when the first was.
  await centre.fill('[role=search] input', 'K-3')
  await centre.keyboard.press('Enter')
  await centre.waitForSelector('.said:has-text("marked before")')
  await new Promise((wake) => setTimeout(wake, 1100))
  await centre.click(row('زهرا'))
  await standing('زهرا', 'out')
  assert.match(await centre.textContent(row('زهرا')), /0:00/, 'a part of a minute is not credited')
  await centre.fill('[role=search] input', 'فاطمه علی')
  assert.equal(await centre.locator('[data-person]').count(), 1, 'a search folds spellings')
  await centre.keyboard.press('Enter')
  await standing('فاطمة', 'in')
})

test('attendance, in every look', async () => {
  await centre.click('.head button') // back: a session that was chosen comes up again
  await everywhere(centre, 'attendance', () => centre.waitForSelector('[data-session]'))
  await everywhere(centre, 'plan', async () => {
    await centre.click('[data-plan]')
    await centre.waitForSelector('[data-workshop]')
  })
  await centre.click('[data-session]')
  await everywhere(centre, 'roster', () => centre.waitForSelector('[data-standing=out]'))
  await centre.click('.head button')
})

test('who never left is for review, and the page says why', async () => {
  await centre.click('[data-plan]')
  await centre.fill('#plan-from', '0:00')
  await centre.fill('#plan-to', '0:01')
  await centre.click('[data-plan-go]')
  await centre.click('[data-session]:has-text("00:00")')
  await centre.click(row('Maryam'))
  await centre.waitForSelector('[data-standing=noout]:has-text("no check-out")', wait)
  await look(centre, 'review', 'en', 'light')
  await centre.setViewportSize({ width: tablet[0], height: tablet[1] })
})

test('somebody decides about it, by name, and may decide anew', async () => {
  const decide = () => centre.click('[data-review]') // of the session that is chosen still
  await everywhere(centre, 'decide', async () => {
    await decide()
    await centre.click('[data-void]')
    await centre.waitForFunction(() => document.querySelector('#review-by-error').textContent !== '')
  })
  await decide()
  await centre.fill('#review-out', '0:30')
  await centre.click('[data-confirm]')
  await centre.waitForSelector(`#review-out-error:text-is("${words.en['refusal.ends_before_start']}")`, wait)
  assert.equal(await centre.evaluate(() => document.activeElement.id), 'review-out', 'focus goes to what is wrong')
  await centre.fill('#review-by', 'مریم')
  await centre.click('[data-void]')
  await centre.waitForSelector(`#review-reason-error:text-is("${words.en['refusal.required']}")`, wait)
  await centre.fill('#review-reason', 'Another card')
  await centre.click('[data-void]')
  await centre.waitForSelector('[data-standing=void]:has-text("Another card")', wait)
  await centre.click('[data-review]')
  assert.equal(await centre.inputValue('#review-by'), 'مریم', 'a name is asked once')
  await centre.click('[data-confirm]')
  await centre.waitForSelector('[data-standing=out]:has-text("Confirmed by")', wait)
  await look(centre, 'decided', 'en', 'light')
  await centre.setViewportSize({ width: tablet[0], height: tablet[1] })
})

test('nobody is named without consent, and what is sent is accepted at the desk', async () => {
  await centre.click('nav a[href="#referrals"]')
  await centre.click('[data-refer]')
  await centre.waitForFunction(() => document.querySelector('#refer-to').options.length === 2, undefined, wait)
  await centre.selectOption('#refer-to', { index: 1 })
  await centre.fill('#refer-person', 'زهرا')
  await centre.click('[data-pick]')
  await centre.check('[data-tick=name]')
  await centre.click('[data-refer-go]')
  assert.equal(await centre.textContent('#refer-consent-error'), words.en['refer.noconsent'])
  assert.equal(await centre.evaluate(() => document.activeElement.id), 'refer-consent')
  await look(centre, 'refer', 'en', 'light')
  await centre.setViewportSize({ width: tablet[0], height: tablet[1] })
  await centre.fill('#refer-consent', 'زهرا کریمی')
  await centre.click('[data-refer-go]')
  await centre.waitForSelector('[data-state=sent], [data-state=delivered]')

  await partner.waitForSelector('[data-referral]', wait)
  const came = await partner.textContent('[data-referral]')
  assert.match(came, /زهرا کریمی/)
  assert.doesNotMatch(came, /0915/, 'the phone was not ticked')
  await everywhere(partner, 'referrals', () => partner.waitForSelector('[data-step=accepted]'))
  await tabTo(partner, '[data-step=accepted]')
  await partner.keyboard.press('Enter')
  await partner.waitForSelector('[data-state=accepted]')
  await centre.waitForSelector('[data-state=accepted]', wait)
})

test('a case code alone goes without consent, and is declined with a reason', async () => {
  await centre.click('[data-refer]')
  await centre.selectOption('#refer-to', { index: 1 })
  await centre.click('[data-purpose=job]')
  await centre.click('[data-refer-go]')
  await partner.click('[data-step=declined]', wait)
  await partner.click('[data-answer]')
  assert.equal(await partner.textContent('#answer-error'), words.en['refer.notext'])
  await partner.fill('#answer-text', 'Not in our district')
  await partner.click('[data-answer]')
  await centre.waitForSelector('[data-state=declined]:has-text("Not in our district")', wait)
  await everywhere(centre, 'sent', () => centre.waitForSelector('[data-step=seen_closed]'))
  for (const lang of langs) {
    await choose(centre, lang, 'dark')
    await centre.click('[data-refer]')
    await centre.fill('#refer-person', 'زهرا')
    await centre.click('[data-pick]')
    await centre.check('[data-tick=phone]')
    await centre.selectOption('#refer-to', { index: 1 })
    await centre.click('[data-refer-go]')
    await look(centre, 'refer', lang, 'dark')
  }
})

test('a sender takes back what nobody has answered', async () => {
  await choose(centre, 'en', 'light')
  await centre.click('[data-refer]')
  await centre.selectOption('#refer-to', { index: 1 })
  await centre.click('[data-refer-go]')
  await centre.click('[data-step=withdrawn]', wait)
  await centre.waitForSelector('[data-state=withdrawn]')
  await partner.waitForSelector('[data-state=withdrawn]', wait)
  assert.equal(await partner.locator('[data-state=withdrawn] button').count(), 0, 'nothing is left to answer')
})

test('sites and devices, in every look', async () => {
  await rawaj('admin', 'enrol-code', '--data', data.office, '--site', 'شعبه خورفکان', '--kind', 'branch').then((code) => rawaj('site', 'enrol', '--data', join(dir, 'branch'), '--server', `http://${address}`, '--code', code, '--label', 'counter'))
  await everywhere(head, 'sites', () => head.waitForSelector('[data-health=never]', wait))
  for (const lang of langs) {
    await choose(head, lang, 'light')
    await head.click('[data-code]')
    await head.fill('#code-site', 'غرفه عطر')
    await look(head, 'enrol', lang, 'light')
    await head.click('[data-code-go]')
    await head.waitForSelector('[data-enrol-code]')
    await look(head, 'code', lang, 'light')
  }
})

test('a desk asks for more, and names another desk when it is told', async () => {
  await centre.click('nav a[href="#referrals"]')
  await centre.click('[data-refer]')
  await centre.waitForFunction(() => document.querySelector('#refer-to').options.length === 3, undefined, wait)
  await centre.selectOption('#refer-to', { label: 'كميته امداد' })
  await centre.click('[data-purpose=exam]')
  await centre.click('[data-refer-go]')
  await partner.click('[data-step=more_needed]', wait)
  await partner.fill('#answer-text', 'Which skill?')
  await partner.click('[data-answer]')
  const asked = '[data-state=more_needed]:has-text("Which skill?")'
  await centre.waitForSelector(asked, wait)
  await everywhere(centre, 'asked', () => centre.waitForSelector(asked))
  await centre.click(`${asked} [data-step=received]`)
  await centre.fill('#answer-text', 'Kilim weaving')
  await centre.click('[data-answer]')
  await partner.waitForSelector('[data-state=received]:has-text("Kilim weaving")', wait)

  await everywhere(partner, 'redirect', async () => {
    await partner.click('[data-state=received] [data-step=redirected]')
    await partner.waitForFunction(() => document.querySelector('#answer-desk').options.length === 2, undefined, wait)
    await partner.click('[data-answer]')
  })
  await partner.click('[data-state=received] [data-step=redirected]')
  await partner.waitForFunction(() => document.querySelector('#answer-desk').options.length === 2, undefined, wait)
  await partner.selectOption('#answer-desk', { index: 1 })
  await partner.fill('#answer-text', 'They hold the exam')
  await partner.click('[data-answer]')
  const back = '[data-state=redirected]:has-text("They hold the exam")'
  await centre.waitForSelector(back, wait)
  await everywhere(centre, 'redirected', () => centre.waitForSelector(back))
  await centre.click(`${back} [data-send-on]`)
  assert.equal(await centre.locator('#refer-to option:checked').textContent(), 'شعبه خورفکان')
  assert.equal(await centre.getAttribute('[data-purpose=exam]', 'aria-pressed'), 'true')
  await centre.click('[data-refer-go]')
  await centre.waitForSelector('[data-state=sent]:has-text("شعبه خورفکان")', wait)
  await centre.click(`${back} [data-step=seen_closed]`)
  await partner.waitForSelector('[data-state=seen_closed]:has-text("They hold the exam")', wait)
})
