"""What the sample forum talks about: words and sentences that a seeded generator puts together."""

# ruff: noqa: RUF001  -- other scripts are the point of these sentences

from __future__ import annotations

PRODUCTS = {
    "Atlas": ("map layer", "route planner", "offline region", "fleet view", "geofence", "GPX import"),
    "Beacon": (
        "alert rule",
        "on-call calendar",
        "status page",
        "webhook",
        "escalation policy",
        "SMS channel",
    ),
    "Cinder": ("build cache", "pipeline", "runner pool", "artifact store", "secret variable", "matrix job"),
    "Drift": ("feature flag", "experiment", "audience segment", "rollout", "metric goal", "event stream"),
    "Ember": (
        "invoice template",
        "tax profile",
        "payment link",
        "dunning mail",
        "credit note",
        "ledger export",
    ),
    "Fathom": ("dashboard", "saved query", "data source", "row filter", "scheduled report", "CSV export"),
    "Grove": ("shared folder", "version history", "sync client", "file lock", "guest link", "retention rule"),
    "Harbor": ("mailbox", "signature", "vacation reply", "spam filter", "alias", "shared calendar"),
}
CATEGORIES = ("how-to", "bug", "billing", "account", "performance", "integration")
PLANS = ("Free", "Team", "Business", "Enterprise")
SYSTEMS = ("Windows 11", "macOS 15", "Ubuntu 24.04", "iOS 18", "Android 15", "Firefox 140", "Chrome 138")
TAGS = ("beginner", "admin", "api", "mobile", "upgrade", "security", "migration", "regression", "docs", "sso")
SPICE = (
    'The dialog says "not permitted".',
    "The path is C:\\Users\\Public\\{product}.",
    "Column one\tcolumn two is what the export looks like.",
    "It worked last week \U0001f914",
    "Thanks in advance \U0001f64f\U0001f3fd",
    "The log has a strange separator:\u2028then nothing.",
    "Our na\u00efve workaround was to restart it.",
    "I tried <b>twice</b> & waited.",
)

QUESTIONS = (
    "How do I move a {feature} to another workspace in {product}?",
    "Why does the {feature} stop updating after I {action}?",
    "{product} {version}: the {feature} fails with error {code}. What should I check?",
    "Is it possible to {action} without losing the {feature}?",
    "The {feature} has been slow since I {past}. Any ideas?",
    "What is the limit for one {feature} on the {plan} plan?",
    "Can a guest change a {feature}, or only an owner?",
    "After I {past}, the {feature} is gone. Can I get it back?",
    "Which permission do I need to edit the {feature} in {product}?",
    "How can I copy {number} entries of a {feature} at once?",
    "Does {product} {version} keep the old {feature} when I {action}?",
    "I keep getting error {code} whenever I open a {feature}. Help!",
)
ACTIONS = (
    "rename the workspace",
    "change the owner",
    "update to {version}",
    "switch to the {plan} plan",
    "turn on single sign-on",
    "import {number} records",
    "delete an old project",
    "rotate the API key",
    "invite {number} people",
    "change the time zone",
)
PASTS = (
    "renamed the workspace",
    "changed the owner",
    "updated to {version}",
    "moved to the {plan} plan",
    "turned on single sign-on",
    "imported {number} records",
    "deleted an old project",
    "rotated the API key",
    "invited {number} people",
    "changed the time zone",
)
CONTEXTS = (
    "{product} {version} on {system}, {plan} plan.",
    "{system}, {product} {version}; {number} people in the workspace.",
    "{plan} plan since {year}, {product} {version}, browser cache already cleared.",
    "Self-hosted {product} {version}. Error {code} is in the log {number} times.",
    "New account, {plan} plan, opened from {system}.",
)
OPENINGS = (
    "This is expected in {product} {version}.",
    "That happens when the {feature} was made before version {version}.",
    "You can do this in two places.",
    "Error {code} means that the {feature} is locked by another session.",
    "Yes, as long as you are an owner.",
    "Not directly, but there is a way around it.",
    "We had the same on {system}.",
    "The {plan} plan allows {number} of them.",
)
STEPS = (
    "Open Settings and choose the {feature}.",
    "Sign out, wait {number} seconds, and sign in again.",
    "Export the {feature} first, so that nothing is lost.",
    "Give yourself the role \u201cmaintainer\u201d under Members.",
    "Clear the cache of {system}.",
    "Run `{command} sync --retry {number}` once.",
    "Check that port {code} is open in your firewall.",
    "Update to {version} or later.",
    "Remove the {feature} and add it again from its backup.",
    "Set the limit to {number} and save.",
    "Ask an administrator to confirm the change by mail.",
    "Compare the two entries; the newer one wins.",
)
CLOSINGS = (
    "If error {code} comes back, send us the log.",
    "It takes about {number} minutes to show up everywhere.",
    "Nothing is deleted by this, the old {feature} stays in the archive for {number} days.",
    "The manual of {product} {version} has a page about it.",
    "This was fixed in {version}.",
    "",
)
FOREIGN = (
    (
        "Wie verschiebe ich in {product} {version} einen Eintrag in einen anderen Arbeitsbereich?",
        "{product} {version} unter {system}, Tarif „{plan}“.",
        (
            "Öffnen Sie die Einstellungen, wählen Sie „Verschieben“ und bestätigen Sie mit dem Schlüssel "
            "{code}. Das dauert ungefähr {number} Minuten."
        ),
    ),
    (
        "Pourquoi l'erreur {code} apparaît-elle après la mise à jour de {product} vers {version} ?",
        "Forfait {plan}, {system}, {number} personnes.",
        (
            "C'est un verrou laissé par l'ancienne session. Déconnectez-vous, attendez {number} secondes, "
            "puis réessayez : l'erreur {code} disparaît."
        ),
    ),
    (
        "{product} {version} でエラー {code} が出ます。どうすればいいですか？",
        "{system}、{plan} プラン",
        (
            "設定を開き、同期を一度停止してから {number} 秒待って再開してください。"
            "ログに {code} が残る場合はご連絡ください。"
        ),
    ),
    (
        "كيف أنقل الملفات في {product} {version}؟",
        "{system} ، {plan}",
        "افتح الإعدادات ثم اختر نقل. انتظر {number} دقائق، وإذا ظهر الخطأ {code} فأعد المحاولة.",
    ),
)
TOO_SHORT = ("Yes.", "No.", "Same here", "Fixed", "+1", "ok", "thx!", "See docs", "Solved :)", "bump")
BLANKS = (" ", "\n", "\t ", "   \n  ", "\u3000", "\r\n")
