// Written by scripts/types.mjs from the API of: Rawaj, a site. Do not edit.

export interface AddCategoryRequest {
  name?: string
}

export interface AddFamilyRequest {
  code?: string
  id?: string
  name?: string
}

export interface AddPersonRequest {
  birth_year?: number
  card?: string
  id?: string
  name?: string
  neighbourhood?: string
  phone?: string
  photo?: string
}

export interface AddProductRequest {
  about?: string
  amount_minor?: number
  category?: string
  currency?: string
  family?: string
  food?: boolean
  here?: boolean
  id?: string
  ingredients?: string
  name?: string
  photo?: string
  sku?: string
  unit?: string
}

export interface AddWorkshopRequest {
  counts?: boolean
  id?: string
  kind?: string
  minutes?: number
  name?: string
}

export interface AddedPerson {
  id: string
  likely: Likely[]
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

export interface AnswerRequest {
  outcome?: string
  reason?: string
  redirect_to?: string
  reply?: string
  state?: string
}

export interface ApplyRequest {
  family?: string
  person?: string
}

export interface ApprovalShown {
  amount_minor: number
  at: number
  by: string
  kind: string
  reason: string
  second: string
}

export interface ApproveTillRequest {
  by?: string
  reason?: string
  second?: string
}

export interface Back {
  line: string
  pieces: number
}

export interface Backlog {
  amount_minor: Record<string, number>
  oldest: string | null
  transactions: number
}

export interface CategoryShown {
  id: string
  name_ar?: string
  name_en?: string
  name_fa?: string
}

export interface CheckInRequest {
  admitted_by?: string
  family?: string
  id?: string
  reason?: string
  waited_ms?: number
}

export interface CloseTillRequest {
  by?: string
  counted_minor?: number
  pieces?: Pieces[]
}

export interface ConditionShown {
  light: string
  missing_minutes: number
  name: string
  since: string
  until: string
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

export interface CoordinateRequest {
  by?: string
  id?: string
  letter?: string
  note?: string
  on_day?: string
  with_whom?: string
}

export interface CorrectRequest {
  by?: string
  id?: string
  minutes?: number
  person?: string
  reason?: string
}

export interface CountShown {
  amount_minor: number
  at: number
  by: string
  pieces: Pieces[]
}

export interface CountTillRequest {
  by?: string
  id?: string
  pieces?: Pieces[]
}

export interface DatesRequest {
  from?: string
  to?: string
}

export interface DayRequest {
  day?: string
}

export interface Declared {
  amount_minor: Record<string, number>
  oldest: string | null
  transactions: number
}

export interface DeliverRequest {
  fair?: string
  family?: string
  id?: string
  product?: string
  quantity?: number
  receiver?: string
  signature?: string
}

export interface Desk {
  id: string
  kind: string
  name_ar?: string
  name_en?: string
  name_fa?: string
}

export interface DisputeRequest {
  dispute?: string
}

export interface DocumentRequest {
  expires_on?: string
  image?: string
  issued_on?: string
  kind?: string
  number?: string
  verified_by?: string
}

export interface DocumentShown {
  expires_on: string
  id: string
  image: string
  issued_on: string
  kind: string
  number: string
  valid: boolean
  verified_by: string
  verified_on: string
}

export interface Double {
  a: Somebody
  b: Somebody
  because: string[]
}

export interface EndRequest {
  note?: string
  reason?: string
}

export interface Expiring {
  complete_to: string | null
  filter: string
  missing_sites: MissingSite[]
  on: string
  rows: ExpiringRow[]
  unit: string
}

export interface ExpiringDocument {
  expires_on: string
  id: string
  kind: string
  name: string
  person: string
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
  class: string
  coordinated: boolean
  ends_on: string
  id: string
  name_ar?: string
  name_en?: string
  name_fa?: string
  organiser: string
  starts_on: string
  state: string
  venue: string
}

export interface FamilyAccount {
  bank: string
  holder: string
  number: string
}

export interface FamilyFile {
  head: string
  lang: string
  payout: string
  phone: string
}

export interface FamilyIncome {
  currency: string
  family: string
  family_name: Names
  grew: boolean
  months: IncomeMonth[]
}

export interface FamilyShown {
  branch: string
  code: string
  id: string
  name_ar?: string
  name_en?: string
  name_fa?: string
}

export interface Figures {
  amount_minor: Record<string, number>
  lines: number
  pieces: number
  receipts: number
  unpriced_lines: number
}

export interface GroundRequest {
  confirmed_by?: string
  dependant_of?: string
  from?: string
  id?: string
  kind?: string
  to?: string
}

export interface GroundShown {
  confirmed_by: string
  confirmed_on: string
  dependant_of: string
  from: string
  id: string
  kind: string
  to: string
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

export interface Host {
  host: string
  host_kind: string
}

export interface Hours {
  complete_to: string | null
  filter: string
  missing_sites: MissingSite[]
  on: string
  rows: HoursRow[]
  unit: string
}

export interface HoursLineShown {
  counts: boolean
  day: string
  ends_at: number
  hours: string
  minutes: number
  name_ar?: string
  name_en?: string
  name_fa?: string
  overlaps: string
  reason: string
  review: boolean
  session: string
  starts_at: number
  was_minutes: number | null
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

export interface HoursShown {
  hours: string
  lines: HoursLineShown[]
  minutes: number
  missing_minutes: number
  name: string
  on: string
  person: string
}

export interface ImportResult {
  already_there: number
  dry_run: boolean
  lines: number
  receipts: number
  refused: RefusedLine[]
  refused_total: number
  told: SalesLine[]
}

export interface ImportedLine {
  code: string
  field: string
  id: string
  like: LikeShown[]
  line: number
  message: string
  name: string
  outcome: string
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

export interface LikeShown {
  because: string[]
  id: string
  name: string
}

export interface Likely {
  because: string[]
  birth_year: number
  card: string
  id: string
  name: string
  neighbourhood: string
  phone: string
  site: string
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

export interface LineShown {
  agreement: string
  amount_minor: number
  currency: string
  discount_minor: number
  family: string
  family_name: string
  id: string
  name_ar?: string
  name_en?: string
  name_fa?: string
  product: string
  quantity: number
  refundable: number
  refunds: string
  sale: string
  share: number | null
  unit_price_minor: number | null
}

export interface LineShownPage {
  items: LineShown[]
  next: string
}

export interface LotShown {
  day: string
  fair: string
  family: string
  family_name: string
  id: string
  name: string
  pieces: number
  product: string
  quantity: number
  receiver: string
  signature: string
  state: string
}

export interface LotStepRequest {
  by?: string
  id?: string
  quantity?: number
  reason?: string
  rest?: boolean
  signature?: string
  step?: string
  to?: string
}

export interface MadeAnswer {
  id: string
}

export interface Me {
  currency: string
  device: string
  kind: string
  lang: string
  name: string
  prefix: string
  site: string
  zone: string
}

export interface MemberFile {
  conditions: ConditionShown[]
  documents: DocumentShown[]
  eligible_until: string
  ended_reason: string
  family: string
  grounds: GroundShown[]
  hours: string
  minutes: number
  name: string
  person: string
  signatures: SignatureShown[]
  since: string
  state: string
}

export interface MemberShown {
  conditions: ConditionShown[]
  eligible_until: string
  family: string
  hours: string
  minutes: number
  name: string
  person: string
  state: string
}

export interface Mend {
  person: AddPersonRequest | null
  product: AddProductRequest | null
  referral: ReferRequest | null
  sale: SellRequest | null
  scan: ScanRequest | null
  step: AnswerRequest | null
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

export interface MergeRequest {
  by?: string
  into?: string
  reason?: string
}

export interface MissingSite {
  declared: Declared
  last_contact: string | null
  name: string
  site: string
}

export interface MoveRequest {
  by?: string
  fair?: string
  id?: string
  kind?: string
  product?: string
  quantity?: number
  reason?: string
  signature?: string
  to?: string
}

export interface MovementShown {
  at: number
  by: string
  consignment: string
  fair: string
  from_site: string
  id: string
  kind: string
  name: string
  product: string
  quantity: number
  reason: string
  signature: string
  to_site: string
  voided: boolean
}

export interface MovementShownPage {
  items: MovementShown[]
  next: string
}

export interface Names {
  name_ar?: string
  name_en?: string
  name_fa?: string
}

export interface NoteIncomeRequest {
  amount_minor?: number
  currency?: string
  month?: string
  note?: string
  source?: string
  verified_by?: string
  voided?: boolean
}

export interface OpenTillRequest {
  currency?: string
  fair?: string
  float_minor?: number
  host?: string
  host_kind?: string
  id?: string
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

export interface OwnerRequest {
  by?: string
  family?: string
}

export interface Paid {
  amount_minor: number
  currency: string
  method: string
}

export interface PaidAnswer {
  receipt_no: string
}

export interface Parcel {
  file: string
  transactions: number
}

export interface ParcelSize {
  bytes: number
}

export interface PartRequest {
  by?: string
}

export interface ParticipateRequest {
  family?: string
  reason?: string
  stall?: string
  state?: string
}

export interface ParticipationShown {
  admitted: string[]
  days: string[]
  family: string
  family_name: string
  green: boolean
  id: string
  reason: string
  registered_by: string
  stall: string
  state: string
}

export interface Pay {
  amount_minor: number
  external_ref: string
  method: string
}

export interface PayRequest {
  by?: string
  method?: string
  signature?: string
}

export interface PersonShown {
  card: string
  id: string
  name: string
  neighbourhood: string
  phone: string
  photo: string | null
}

export interface Pieces {
  minor: number
  pieces: number
}

export interface PlanSessionRequest {
  also_site?: string
  ends_at?: number
  id?: string
  starts_at?: number
  workshop?: string
}

export interface PolicyShown {
  from: string
  id: string
  in_force: boolean
  name_ar?: string
  name_en?: string
  name_fa?: string
  texts: Record<string, string>
  version: number
}

export interface Price {
  amount_minor: number
  currency: string
}

export interface PriceShown {
  amount_minor: number
  at: number
  by: string
  currency: string
  reason: string
  site: string
}

export interface Product {
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
  photo: string | null
  price: Price | null
  sku: string
  unit: string
}

export interface ReceiptsFile {
  file: string
}

export interface ReferRequest {
  consent_by?: string
  id?: string
  legal_basis?: string
  note?: string
  person?: string
  purpose?: string
  share_name?: boolean
  share_phone?: boolean
  to?: string
  urgency?: string
}

export interface ReferralShown {
  case_code: string
  from: string
  from_name: string
  id: string
  note: string
  out: boolean
  outcome: string
  purpose: string
  question: string
  reason: string
  redirect_name: string
  redirect_to: string
  reply: string
  sent_at: number
  shared_name: string
  shared_phone: string
  state: string
  to: string
  to_name: string
  urgency: string
}

export interface RefundRequest {
  id?: string
  lines?: Back[]
  method?: string
  payments?: Pay[]
  till?: string
  waited_ms?: number
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

export interface RefusedLine {
  line: number
  reason: string
}

export interface RegisteredAnswer {
  already: boolean
  blocked: string[]
  id: string
}

export interface ReviewRequest {
  by?: string
  out_at?: number
  person?: string
  reason?: string
  verdict?: string
}

export interface RosterLine {
  credited_minutes: number
  decided_by: string
  in_at: number
  name: string
  out_at: number
  person: string
  photo: string | null
  reason: string
  review: boolean
  scans: number
  verdict: string
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

export interface SaleLine {
  discount_minor: number
  product: string
  quantity: number
  unit_price_minor: number
  unpriced: boolean
}

export interface SaleShown {
  amount_minor: Record<string, number>
  arrived: boolean
  held: boolean
  id: string
  method: string
  payments: Pay[]
  pieces: number
  receipt_no: string
  sold_at: number
  voided: boolean
}

export interface SaleShownPage {
  items: SaleShown[]
  next: string
}

export interface SaleWhole {
  amount_minor: Record<string, number>
  arrived: boolean
  buyer: string
  day: string
  held: boolean
  id: string
  lines: LineShown[]
  method: string
  outside_agreement: boolean
  payments: Pay[]
  pieces: number
  receipt_no: string
  sold_at: number
  till: string
  void_reason: string
  voided: boolean
}

export interface Sales {
  complete_to: string | null
  filter: string
  missing_sites: MissingSite[]
  rows: Row[]
  total: Figures
  unit: string
}

export interface SalesLine {
  line: number
  outcome: string
  reason: string
  receipt: string
}

export interface ScanRequest {
  id?: string
  kind?: string
  person?: string
  session?: string
  source?: string
  waited_ms?: number
}

export interface ScanShown {
  at: number
  id: string
  kind: string
  person: string
  source: string
}

export interface SellRequest {
  buyer?: string
  currency?: string
  id?: string
  lines?: SaleLine[]
  method?: string
  payments?: Pay[]
  till?: string
  waited_ms?: number
}

export interface SessionShown {
  ends_at: number
  id: string
  minutes: number
  name_ar?: string
  name_en?: string
  name_fa?: string
  starts_at: number
  status: string
  workshop: string
}

export interface SetPhotoRequest {
  photo?: string
}

export interface SetPriceRequest {
  amount_minor?: number
  by?: string
  currency?: string
  here?: boolean
  product?: string
  reason?: string
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

export interface SheetPage {
  items: Sheet[]
  next: string
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

export interface Shown {
  at: string
  break: string
  bytes: number
  code: string
  count: number
  frame: string
  number: number
  what: string
}

export interface Side {
  device: string
  label: string
  site_name: string
  time: string | null
  values: Record<string, unknown>
}

export interface SignRequest {
  id?: string
  image?: string
  lang?: string
  method?: string
  policy?: string
  witness?: string
}

export interface SignatureShown {
  id: string
  image: string
  lang: string
  method: string
  policy: string
  signed_on: string
  text: string
  version: number
  witness: string
}

export interface Signatures {
  answer: string
  certificate: string
  key: string
  statement: string
}

export interface SoldAnswer {
  amount_minor: number
  id: string
  receipt_no: string
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

export interface StandingShown {
  eligible_until: string
  fair: string
  family: string
  name_ar?: string
  name_en?: string
  name_fa?: string
  state: string
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

export interface Status {
  acknowledged: number
  attachments: number
  attachments_fetched: number
  clock_off_ms: number
  conflicts: number
  cursor_at: number
  declared: Backlog
  disk: string
  held_minor: Record<string, number>
  kept: number
  last_contact: string | null
  not_taken: boolean
  pending: number
  quarantined: number
  transactions: number
  unbacked: number
  wiped: boolean
  withheld: boolean
}

export interface StepSessionRequest {
  reason?: string
  status?: string
}

export interface SyncResult {
  differing: string[]
  equal: boolean
  quarantined: number
  received: number
  sent: number
  settled: number
}

export interface TableImported {
  counts: Record<string, number>
  dry_run: boolean
  ignored_columns: string[]
  kind: string
  lines: ImportedLine[]
}

export interface TakeRequest {
  side?: string
}

export interface TakenBack {
  hash: string
}

export interface TakenReceipts {
  receipts: number
  transactions: number
}

export interface Till {
  closed: boolean
  closing: Statement | null
  currency: string
  float_minor: number
  host: string
  host_kind: string
  id: string
  needs_host: boolean
  opened_at: number
}

export interface Totals {
  amount_minor: number
  payments: Paid[]
  sales: number
  voided: number
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
  hash: string
  mend: Mend | null
  name: string
  record: string
  seq: number
  state: string
  table: string
  waits_for: string
}

export interface VoidRequest {
  reason?: string
}

export interface WorkshopShown {
  counts: boolean
  id: string
  kind: string
  minutes: number
  name_ar?: string
  name_en?: string
  name_fa?: string
}

export interface WriteOffRequest {
  by?: string
  fair?: string
  id?: string
  product?: string
  quantity?: number
  reason?: string
}
