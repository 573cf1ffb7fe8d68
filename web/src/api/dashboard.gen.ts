// Written by scripts/types.mjs from the API of: Rawaj, the server. Do not edit.

export interface AdmittedShown {
  by: string
  day: string
  family: string
  reason: string
  site: string
}

export interface AgreementShown {
  amount_minor: Record<string, number>
  document: string | null
  ended_on: string
  from_day: string
  id: string
  in_force: boolean
  kept_minor: Record<string, number>
  lines: number
  operator: string
  period: string
  pieces: number
  reason: string
  share: number
  site: string
  site_name: string
  to_day: string
}

export interface Annual {
  complete_to: string | null
  figures: AnnualFigure[]
  missing_sites: MissingSite[]
  sentence: Sentence
  year: number
}

export interface AnnualFigure {
  difference: number | null
  filter: string
  id: string
  parts: Record<string, number>
  publications: Publication[]
  published: number | null
  unit: string
  value: number
}

export interface AnnualRow {
  day: string
  hours: string
  id: string
  label: string
  of: string
  part: string
  table: string
}

export interface ApprovalShown {
  amount_minor: number
  at: number
  by: string
  kind: string
  reason: string
  second: string
}

export interface BackedCount {
  written: number
}

export interface BackedHead {
  device: string
  hash: string
  incarnation: string
  seq: number
}

export interface Backing {
  devices: BackedHead[]
}

export interface Clock {
  agree: number
  differ: number
  doubtful: boolean
  says: string
  works: string
}

export interface Conflict {
  decided: string
  group: string
  id: string
  loser: Side
  may_settle: boolean
  name: string
  record: string
  rule: string
  settled: Settled | null
  table: string
  takeable: boolean
  winner: Side
}

export interface CoordinationShown {
  by: string
  id: string
  note: string
  on_day: string
  site: string
  with_whom: string
}

export interface CountShown {
  amount_minor: number
  at: number
  by: string
  pieces: Pieces[]
}

export interface Decide {
  action: string
  reason: string
  waive: boolean
}

export interface Declared {
  amount_minor: Record<string, number>
  oldest: string | null
  transactions: number
}

export interface Device {
  connected: boolean
  copy_of: string | null
  device: string
  differing: number
  full: string
  held: number
  kept: number
  kind: string
  label: string
  last_contact: string | null
  offset_ms: number
  oldest_pending: string | null
  pending_amounts: Record<string, number>
  pending_attachments: number
  pending_declared: number
  prefix: string
  program: string
  revoke_reason: string
  revoked: boolean
  revoked_at: string | null
  site: string
  site_name: string
  unbacked: number
  wiped: boolean
}

export interface Double {
  a: Somebody
  b: Somebody
  because: string[]
}

export interface Doubled {
  receipt: string
  sales: DoubledSale[]
}

export interface DoubledSale {
  sale: string
  site_name: string
  sold_at: string | null
  voided: boolean
}

export interface EndAgreement {
  on: string
  reason: string
}

export interface EndRight {
  reason: string
  scope: string
}

export interface EnrolCode {
  code: string
  expires: string
  site: string
}

export interface Expiring {
  complete_to: string | null
  filter: string
  missing_sites: MissingSite[]
  on: string
  rows: ExpiringRow[]
  unit: string
}

export interface ExpiringRow {
  in_30: number
  in_60: number
  in_90: number
  kind: string
  site: string
  site_name: string
}

export interface FairShown {
  address: string
  admitted: AdmittedShown[]
  class: string
  closes_at: string
  connectivity: string
  coordinations: CoordinationShown[]
  ends_on: string
  figure: string
  id: string
  lacks: string[]
  name_ar?: string
  name_en?: string
  name_fa?: string
  opens_at: string
  organiser: string
  organiser_name: string
  participations: Record<string, number>
  provisional: boolean
  reason: string
  stalls: number
  starts_on: string
  state: string
  venue: string
  venue_name: string
}

export interface FairStep {
  reason: string
  state: string
}

export interface FairTill {
  closed_at: number | null
  device: string
  id: string
  label: string
  last_contact: string | null
  opened_at: number
  sales: number
  site_name: string
  state: string
}

export interface FamilyAtFair {
  amount_minor: Record<string, number>
  fair: string
  fair_name: Names
  family: string
  family_name: Names
  pieces: number
  starts_on: string
}

export interface FamilyIncome {
  currency: string
  family: string
  family_name: Names
  grew: boolean
  months: IncomeMonth[]
}

export interface FamilyListed {
  branch: string
  branch_name: string
  code: string
  id: string
  name_ar?: string
  name_en?: string
  name_fa?: string
}

export interface FamilyListedPage {
  items: FamilyListed[]
  next: string
}

export interface Figures {
  amount_minor: Record<string, number>
  lines: number
  pieces: number
  receipts: number
  unpriced_lines: number
}

export interface Founding {
  on: string
}

export interface Gap {
  backup_of: string | null
  device: string
  label: string
  parked: number
  site_name: string
  transactions: number
}

export interface Grown {
  complete_to: string | null
  families: GrownIncome[]
  missing_sites: MissingSite[]
  month: string
  months: number
}

export interface GrownIncome {
  currency: string
  family: string
  family_name: Names
  sales_minor: number[]
}

export interface Hours {
  complete_to: string | null
  filter: string
  missing_sites: MissingSite[]
  on: string
  rows: HoursRow[]
  unit: string
}

export interface HoursRow {
  enough: number
  hours: string
  minutes: number
  people: number
  site: string
  site_name: string
  waiting: number
}

export interface IncomeMonth {
  assistance: number | null
  month: string
  other: IncomeNote[]
  sales_minor: number
}

export interface IncomeNote {
  amount_minor: number
  note: string
  source: string
  verified_by: string
}

export interface KeptRecord {
  device: string
  fields: Record<string, unknown>
  present: Record<string, unknown>
  record: string
  since: string | null
  site_name: string
  table: string
}

export interface KeptRecords {
  asked: boolean
  records: KeptRecord[]
  seen: number
}

export interface KeptSeen {
  seen: number
}

export interface Line {
  day: string
  flagged: boolean
  gross_minor: number
  kind: string
  net_minor: number
  of: string
  pieces: number
  place: Names
  product: Names
  reason: string
  share: number
}

export interface Merge {
  as: string
  as_name: string
  at: number
  by: string
  into: string
  name: string
  person: string
  reason: string
}

export interface MergeInto {
  by: string
  into: string
  reason: string
}

export interface Merged {
  id: string
}

export interface MissingSite {
  declared: Declared
  last_contact: string | null
  name: string
  site: string
}

export interface Names {
  name_ar?: string
  name_en?: string
  name_fa?: string
}

export interface NewAdjustment {
  amount_minor?: number
  branch?: string
  by?: string
  currency?: string
  family?: string
  id?: string
  on_day?: string
  reason?: string
  statement?: string
}

export interface NewAgreement {
  document?: string
  from_day?: string
  id?: string
  operator?: string
  outlet?: string
  period?: string
  share?: number
  to_day?: string
}

export interface NewCoordination {
  by?: string
  id?: string
  note?: string
  on_day?: string
  with_whom?: string
}

export interface NewPolicy {
  from?: string
  id?: string
  name_ar?: string
  name_en?: string
  name_fa?: string
  text_ar?: string
  text_en?: string
  text_fa?: string
}

export interface NewPublished {
  approx?: boolean
  figure?: string
  id?: string
  source?: string
  value?: number
  wording?: string
  year?: number
  year_assumed?: boolean
}

export interface NewSettlement {
  branch?: string
  by?: string
  currency?: string
  family?: string
  net_minor?: number | null
  to?: string
}

export interface NewSite {
  fairs?: string[]
  kind?: string
  lang?: string
  site?: string
  valid?: number
  zone?: string
}

export interface Outlets {
  agreements: AgreementShown[]
  outside: OutsideLine[]
  outside_count: number
}

export interface OutsideLine {
  agreement: string
  amount_minor: number
  currency: string
  day: string
  line: string
  name: string
  product: string
  quantity: number
  receipt_no: string
  sale: string
  share: number
  site: string
  site_name: string
}

export interface Overview {
  before: Sums | null
  by_day: Row[]
  by_site: Row[]
  complete_to: string | null
  conflicts: number
  connected: number
  credited: number
  disk: string
  families: number
  held: number
  held_minor: Record<string, number>
  missing_sites: MissingSite[]
  parked: number
  position: number
  present: number
  referrals: Record<string, number>
  sites: SiteHeard[]
  span: Span
  total: Figures
  went_back: WentBack
}

export interface Owner {
  by: string
  family: string
}

export interface Paid {
  amount_minor: number
  currency: string
  method: string
}

export interface ParcelFile {
  file: string
}

export interface PartBy {
  by: string
}

export interface Participations {
  amount_minor: Record<string, number>
  complete_to: string | null
  missing_sites: MissingSite[]
  participations: number
  rows: FamilyAtFair[]
  without_sale: number
}

export interface PayoutLag {
  branch: string
  branch_name: Names
  disputed: number
  longest_days: number
  median_days: number
  paid: number
  statements: number
  waiting_days: number
}

export interface Payouts {
  branches: PayoutLag[]
  complete_to: string | null
  missing_sites: MissingSite[]
}

export interface PersonListed {
  card: string
  id: string
  name: string
  site: string
  site_name: string
}

export interface PersonListedPage {
  items: PersonListed[]
  next: string
}

export interface Pieces {
  minor: number
  pieces: number
}

export interface PlanFair {
  address: string
  class: string
  closes_at: string
  connectivity: string
  ends_on: string
  id: string
  name_ar?: string
  name_en?: string
  name_fa?: string
  opens_at: string
  organiser: string
  organiser_name: string
  provisional: boolean
  stalls: number
  starts_on: string
  venue: string
  venue_name: string
}

export interface PolicyShown {
  from: string
  id: string
  langs: string[]
  name_ar?: string
  name_en?: string
  name_fa?: string
  version: number
}

export interface PriceListed {
  amount_minor: number
  currency: string
}

export interface ProductListed {
  about: string
  category: string
  category_name: string
  family: string
  family_name: string
  food: boolean
  id: string
  ingredients: string
  name_ar?: string
  name_en?: string
  name_fa?: string
  price: PriceListed | null
  sku: string
  unit: string
}

export interface ProductListedPage {
  items: ProductListed[]
  next: string
}

export interface Publication {
  approx: boolean
  id: string
  source: string
  value: number
  wording: string
  year_assumed: boolean
}

export interface Refusal {
  code: RefusalCode
  field?: string
  message: string
  values?: Record<string, unknown>
}

export type RefusalCode =
  | 'already_paid'
  | 'already_settled'
  | 'bad_form'
  | 'bad_id'
  | 'bad_parameter'
  | 'bad_step'
  | 'device_refused'
  | 'disk_failed'
  | 'draft_changed'
  | 'ends_before_start'
  | 'first_stands'
  | 'host_unknown'
  | 'id_used'
  | 'internal'
  | 'kind_differs'
  | 'lacks'
  | 'lines_to_assign'
  | 'link_over'
  | 'malformed'
  | 'more_than_sold'
  | 'needs_second'
  | 'no_consent'
  | 'no_currency'
  | 'no_record'
  | 'no_room'
  | 'no_route'
  | 'no_such_id'
  | 'no_till_open'
  | 'not_allowed'
  | 'not_counted'
  | 'not_enrolled'
  | 'not_here_yet'
  | 'not_json'
  | 'not_signed_in'
  | 'not_unique'
  | 'not_waivable'
  | 'nothing_due'
  | 'nothing_to_review'
  | 'nothing_to_sign'
  | 'other_desk'
  | 'other_kind'
  | 'other_page'
  | 'other_site'
  | 'out_of_range'
  | 'owner_known'
  | 'payments_differ'
  | 'records_no_sales'
  | 'red_card'
  | 'refunded'
  | 'required'
  | 'same_person'
  | 'settled'
  | 'stopped'
  | 'till_still_open'
  | 'tills_open'
  | 'too_large'
  | 'too_long'
  | 'too_many'
  | 'too_much'
  | 'unknown_field'
  | 'unknown_word'
  | 'unreachable'
  | 'wrong_host'
  | 'wrong_method'
  | 'wrong_type'

export interface Revocation {
  reason: string
}

export interface Right {
  classes: string
  deliver_until: string | null
  ended: boolean
  reason: string
  scope: string
  scope_name: string
  until: string | null
  write: boolean
}

export interface Row {
  amount_minor: Record<string, number>
  key: string
  label: string
  lines: number
  pieces: number
  receipts: number
  unpriced_lines: number
}

export interface Said {
  amount_minor: Record<string, number>
  at: string
  held: number
  late: number
  payments: Paid[]
  position: number
  records: string
  sales: number
  voided: number
  voided_since: number
}

export interface Sales {
  complete_to: string | null
  filter: string
  missing_sites: MissingSite[]
  rows: Row[]
  total: Figures
  unit: string
}

export interface Sentence {
  ar: string
  en: string
  fa: string
}

export interface ServerSettled {
  approved: SettleStatement[]
  waiting: Waiting[]
}

export interface SetRight {
  classes: string
  deliver_until: string
  scope: string
  until: string
  write: boolean
}

export interface SettlePaid {
  amount_minor: number
  by: string
  dispute: string
  method: string
  paid_at: number
  receipt_no: string
  signature: string
  state: string
}

export interface SettleRow {
  gross_minor: number
  kind: string
  net_minor: number
  pieces: number
  place: Names
  product: Names
  reason: string
  share: number
}

export interface SettleStatement {
  approved_at: number
  approved_by: string
  branch: string
  branch_name: Names
  currency: string
  family: string
  family_name: Names
  from: string
  gross_minor: number
  id: string
  lang: string
  line_count: number
  lines: Line[]
  net_minor: number
  number: string
  payout: SettlePaid | null
  rows: SettleRow[]
  state: string
  to: string
  unpriced: number
  zone: string
}

export interface Settled {
  choice: string
  label: string
  site_name: string
  time: string | null
}

export interface Sheet {
  amount_minor: number
  approvals: ApprovalShown[]
  closed_at: number | null
  counted_minor: number | null
  counts: CountShown[]
  currency: string
  device: string
  drawer_minor: number
  fair: string
  float_minor: number
  host: string
  host_kind: string
  late: Totals
  late_unsigned_minor: number
  limit_minor: number
  needs_host: boolean
  needs_second: boolean
  opened_at: number
  payments: Paid[]
  sales: number
  site: string
  state: string
  till: string
  to_assign: number
  variance_minor: number | null
  voided: number
}

export interface Shelf {
  counted: boolean
  family: string
  family_name: string
  missing: number
  name: string
  on_hand: number
  product: string
  short: number
  site: string
  site_name: string
  sold: number
}

export interface Side {
  device: string
  label: string
  site_name: string
  time: string | null
  values: Record<string, unknown>
}

export interface Signatures {
  answer: string
  certificate: string
  key: string
  statement: string
}

export interface SiteHeard {
  attachments: number
  complete_to: string | null
  connected: boolean
  last_contact: string | null
  name: string
  pending: number
  site: string
}

export interface Somebody {
  birth_year: number
  card: string
  id: string
  name: string
  neighbourhood: string
  phone: string
  site: string
}

export interface Span {
  from: string
  to: string
}

export interface Statement {
  amount_minor: Record<string, number>
  answer: Said | null
  day: string
  device: string
  id: string
  label: string
  late: number
  latest: boolean
  number: number
  payments: Paid[]
  proof: Signatures | null
  records: string
  sales: number
  site: string
  site_name: string
  state: string
  stated_at: string
  till: string
  voided: number
  voided_since: number
}

export interface Statements {
  closings: Statement[]
  org_key: string
  organisation: string
}

export interface Sums {
  credited: number
  families: number
  total: Figures
}

export interface Take {
  side: string
}

export interface TakenParcel {
  device: string
  new: number
  receipts: string
  transactions: number
}

export interface TillShown {
  amount_minor: number
  approvals: ApprovalShown[]
  closed_at: number | null
  counted_minor: number | null
  counts: CountShown[]
  currency: string
  device: string
  drawer_minor: number
  fair: string
  fair_name: string
  float_minor: number
  host: string
  host_kind: string
  late: Totals
  late_unsigned_minor: number
  limit_minor: number
  needs_host: boolean
  needs_second: boolean
  opened_at: number
  payments: Paid[]
  sales: number
  site: string
  site_name: string
  state: string
  till: string
  to_assign: number
  variance_minor: number | null
  voided: number
}

export interface TillShownPage {
  items: TillShown[]
  next: string
}

export interface TillStep {
  reason: string
  state: string
}

export interface Totals {
  amount_minor: number
  payments: Paid[]
  sales: number
  voided: number
}

export interface UnassignedLine {
  amount_minor: number
  currency: string
  id: string
  product: string
  product_name: string
  quantity: number
  receipt_no: string
  sale: string
  site: string
  site_name: string
  sold_at: number
  till: string
}

export interface UnassignedLinePage {
  items: UnassignedLine[]
  next: string
}

export interface Uploaded {
  attachment: string
  bytes: number
}

export interface Verdict {
  amount_minor: Record<string, number>
  amounts: string
  code: string
  detail: string
  device: string
  hash: string
  label: string
  seq: number
  since: string | null
  site_name: string
  state: string
  waivable: boolean
}

export interface Waiting {
  currency: string
  family: string
  family_name: Names
  net_minor: number
  unpriced: number
  why: string
}

export interface WentBack {
  asked: boolean
  doubt: string | null
  gaps: Gap[]
  keepers: number
}
