"""How customers say what they want: patterns by intent, for text that `understanding.normal` has put into one spelling.

One pattern a line; the first intent that any of its patterns is found for counts.
"""

import re
from enum import StrEnum
from typing import Final


class Intent(StrEnum):
    """What somebody wants."""

    PERSON = "person"
    COMPLAINT = "complaint"
    CLAIM = "claim"
    ALLERGENS = "allergens"
    WISH = "wish"
    COUPON = "coupon"
    PRICE = "price"
    RECOMMEND = "recommend"
    STOCK = "stock"
    PAYMENT = "payment"
    HOURS = "hours"
    PRODUCT = "product"
    THANKS = "thanks"
    GREETING = "greeting"
    UNKNOWN = "unknown"


_CAME: Final = r"(come|came|coming|drop|dispense|fall|get|receive|give|gave|work)"

PATTERNS: Final[tuple[tuple[Intent, tuple[str, ...]], ...]] = (
    (
        Intent.PERSON,
        (
            r"(人|係員|担当|スタッフ|店員|責任者|店長|オペレーター).{0,6}(話|呼|代わ|替わ|つな|お願い|連絡|電話)",
            r"(speak|talk|connect|call|contact|get)\b.{0,20}\b(human|person|somebody|someone|staff|manager|operator)",
            r"(call|get) (the|an) attendant|real (human|person)",
        ),
    ),
    (
        Intent.COMPLAINT,
        (
            r"出(ない|ません|なかった|てこ|てき(ません|てない)|てな)|落ち(ない|てこ|てき|ません)",
            r"詰ま|つまっ|止まり|止まった|引っかか|ひっかか|のまれ|飲まれ|吸い込|二重",
            r"(お釣|おつ|釣銭|つり).{0,8}(足り|少な|出|ない|違|まちが|間違)|返金|お金.{0,4}(返|戻)",
            r"壊れ|故障|不良|期限切|賞味期限|腐|異物|カビ|かび|ぬる|冷えて(ない|い)|変な(味|臭|におい)|違う(商品|もの)",
            r"refund|money back|complain|stuck|jammed",
            rf"(did ?n.?t|does ?n.?t|did not|never|not) {_CAME}|nothing (came|dropped|fell|happen)",
            r"(no|wrong|missing|short) change|change (is|was) (short|wrong|missing)",
            r"(ate|took|swallowed|kept) my (money|coin|card|bill)|charged (me )?twice",
            r"broken|spoiled|expired|mou?ld|wrong (item|product|drink)",
        ),
    ),
    (
        Intent.ALLERGENS,
        (
            r"アレルギ|アレルゲン|原材料|グルテン|抜きの|入りますか",
            r"(入って|含ま|含んで|使って|混じ)(い|る|れ|ます|ません|ない)",
            r"(is|are) there (any )?[a-z]+s? in (it|the|this)\b",
            r"allerg|intoleran|\bcontains?\b|gluten|[a-z]+-free\b|\bingredients?\b|\bvegan\b",
        ),
    ),
    (
        Intent.WISH,
        (
            r"(置|扱|仕入|売)(いて|って|れて|い)(ほし|欲し|くれ|くだ|もらえ|頂け|いただけ)",
            r"入れて(ほし|欲し|くれ|くだ|もらえ|いただけ)|リクエスト|要望|追加して",
            r"(が|も|を)(あれば|あったら|あると)(いい|うれし|嬉し|助か|な)",
            r"(could|can|would|will|please|should|hope|wish|want|like|love|ask).{0,25}\b(stock|sell|carry|add|offer) ",
            r"(wish|hope|love|like|great|nice|good).{0,15}\b(you|it|if|to) .{0,8}\bha(d|ve) |\brequest\b|\bwish\b",
        ),
    ),
    (
        Intent.COUPON,
        (
            r"クーポン|割引|値引|割り引|安く|まけて|負けて|サービス券|セール|特典|おまけ|無料|ただで|タダ",
            r"coupon|discount|cheaper|\bdeals?\b|promo|\bfree\b|special offer|voucher",
        ),
    ),
    (Intent.PRICE, (r"いくら|値段|価格|料金|何円|how much|\bprices?\b|\bcosts?\b",)),
    (
        Intent.RECOMMEND,
        (
            r"お?すすめ|お勧め|お薦め|オススメ|人気|迷って|選んで",
            r"(何|なに|どれ)が(いい|良い|よい|おいし|人気)",
            r"recommend|suggest|popular|what should|which (one|is best)|best sell|\bbest\b|surprise me",
        ),
    ),
    (
        Intent.PAYMENT,
        (
            r"支払|払え|払い|使えます|使える|カード|現金|電子マネー|スイカ|ペイペイ|千円札|お札",
            r"suica|pasmo|paypay|apple pay|\bqr\b|\bpay(ing|ment)?\b|\bcards?\b|\bcash\b|\bcoins?\b|\bbills?\b",
        ),
    ),
    (
        Intent.HOURS,
        (
            r"何時|営業|24時間|休み|定休",
            r"opening hours|\bhours\b|what time|when (are|do|is).{0,12}(open|close)",
        ),
    ),
    (
        Intent.STOCK,
        (
            r"あります|ありません|ある[?か]|あるの|在庫|残って|残り|売り切れ|売切|まだある",
            r"何がある|何があり|ないの|ないです",
            r"in stock|available|\bleft\b|sold out|(do|have) you (have|sell|carry|got)|is there|are there",
            r"\bany(thing)?\b.{0,20}\?|what do you (have|sell)",
        ),
    ),
    (Intent.THANKS, (r"ありがと|有難|サンキュ|助かり|どうもです|thank|thx|cheers",)),
    (
        Intent.GREETING,
        (
            r"こんにち|こんばん|おはよ|はじめまし|^(やあ|どうも|もしもし)",
            r"^hello\b|^hi\b|^hey\b|good (morning|afternoon|evening)",
        ),
    ),
)

RULES: Final = tuple((intent, re.compile("|".join(patterns))) for intent, patterns in PATTERNS)
"""The same, ready to search with."""
