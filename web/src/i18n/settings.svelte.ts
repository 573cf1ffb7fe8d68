import { i18n } from './i18n.svelte'
import { langs, type Lang, type Locale } from './locales'

// What a person chose on this device: language, digits, theme.
export const themes = ['system', 'light', 'dark', 'sun'] as const
export type Theme = (typeof themes)[number]

interface Kept {
  lang?: Lang
  digits?: Locale['digits']
  theme?: Theme
}
const place = 'rawaj.settings'
const dark = matchMedia('(prefers-color-scheme: dark)')

class Settings {
  theme: Theme = $state('system')
  #kept: Kept = {}

  // start brings up the language before the first screen; fallback is the site's own.
  async start(fallback?: string): Promise<void> {
    try {
      this.#kept = JSON.parse(localStorage.getItem(place) ?? '{}') as Kept
    } catch {
      this.#kept = {}
    }
    dark.addEventListener('change', () => this.#show())
    this.theme = this.#kept.theme ?? 'system'
    this.#show()
    await this.language(this.#kept.lang, fallback)
  }

  async language(chosen: string | undefined, fallback?: string): Promise<void> {
    const known = (l?: string): Lang | undefined => langs.find((k) => k === l)
    await i18n.use(known(chosen) ?? known(fallback) ?? known(navigator.language.slice(0, 2)) ?? 'en', this.#kept.digits)
  }

  chooseLang = async (lang: Lang): Promise<void> => {
    this.#keep({ lang })
    await this.language(lang)
  }

  chooseDigits = async (digits: Locale['digits']): Promise<void> => {
    this.#keep({ digits })
    await i18n.use(i18n.lang, digits)
  }

  chooseTheme = (theme: Theme): void => {
    this.#keep({ theme })
    this.theme = theme
    this.#show()
  }

  #keep(k: Kept): void {
    this.#kept = { ...this.#kept, ...k }
    localStorage.setItem(place, JSON.stringify(this.#kept))
  }

  #show(): void {
    document.documentElement.dataset['theme'] = this.theme === 'system' ? (dark.matches ? 'dark' : 'light') : this.theme
  }
}

export const settings = new Settings()
