package settle

// words are what a printed page says besides names and numbers.
type words struct {
	Statement, Draft, Number, Family, Branch, From, To, State   string
	Product, Place, Kind, Pieces, Gross, Share, Net, Total      string
	PaidOn, Paid, Receipt, PaidBy, Dispute, Unpriced, Signature string
	states, kinds, methods                                      map[string]string
}

var spoken = map[string]words{
	"en": {
		Statement: "Statement of what the family is owed", Draft: "Draft statement: not approved", Number: "Number", Family: "Family", Branch: "Paying branch", From: "From", To: "To", State: "State",
		Product: "Product", Place: "Sold at", Kind: "Kind", Pieces: "Pieces", Gross: "Sold for", Share: "Share kept", Net: "Family's part", Total: "Total",
		PaidOn: "Paid on", Paid: "Paid", Receipt: "Receipt", PaidBy: "Handed over by", Dispute: "The family says", Unpriced: "Lines that wait for a price", Signature: "Signature of who received it",
		states:  map[string]string{"in_statement": "draft", "approved": "approved, not paid", "paid": "paid", "disputed": "disputed"},
		kinds:   map[string]string{"sale": "sale", "refund": "refund", "void": "sale taken back", "adjustment": "adjustment"},
		methods: map[string]string{"cash": "cash", "transfer": "transfer", "voucher": "voucher"},
	},
	"ar": {
		Statement: "كشف مستحقات الأسرة", Draft: "مسودة كشف لم تُعتمد", Number: "الرقم", Family: "الأسرة", Branch: "الفرع الذي يدفع", From: "من", To: "إلى", State: "الحالة",
		Product: "المنتج", Place: "مكان البيع", Kind: "النوع", Pieces: "القطع", Gross: "ثمن البيع", Share: "النسبة المقتطعة", Net: "نصيب الأسرة", Total: "المجموع",
		PaidOn: "تاريخ الدفع", Paid: "المدفوع", Receipt: "الإيصال", PaidBy: "دفعه", Dispute: "تقول الأسرة", Unpriced: "بنود تنتظر سعراً", Signature: "توقيع المستلم",
		states:  map[string]string{"in_statement": "مسودة", "approved": "معتمد ولم يُدفع", "paid": "مدفوع", "disputed": "معترض عليه"},
		kinds:   map[string]string{"sale": "بيع", "refund": "مرتجع", "void": "بيع ملغى", "adjustment": "تسوية"},
		methods: map[string]string{"cash": "نقداً", "transfer": "تحويل", "voucher": "قسيمة"},
	},
	"fa": {
		Statement: "صورت\u200cحساب خانواده", Draft: "پیش\u200cنویس صورت\u200cحساب، تأیید نشده", Number: "شماره", Family: "خانواده", Branch: "شعبهٔ پرداخت\u200cکننده", From: "از", To: "تا", State: "وضعیت",
		Product: "محصول", Place: "محل فروش", Kind: "نوع", Pieces: "تعداد", Gross: "مبلغ فروش", Share: "سهم کسرشده", Net: "سهم خانواده", Total: "جمع",
		PaidOn: "تاریخ پرداخت", Paid: "پرداخت\u200cشده", Receipt: "رسید", PaidBy: "پرداخت\u200cکننده", Dispute: "خانواده می\u200cگوید", Unpriced: "ردیف\u200cهایی که منتظر قیمت\u200cاند", Signature: "امضای گیرنده",
		states:  map[string]string{"in_statement": "پیش\u200cنویس", "approved": "تأییدشده، پرداخت\u200cنشده", "paid": "پرداخت\u200cشده", "disputed": "مورد اعتراض"},
		kinds:   map[string]string{"sale": "فروش", "refund": "برگشتی", "void": "فروش باطل\u200cشده", "adjustment": "تعدیل"},
		methods: map[string]string{"cash": "نقد", "transfer": "حواله", "voucher": "کوپن"},
	},
}

func wordsOf(lang string) words { return spoken[lang] }
