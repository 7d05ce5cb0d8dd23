"""Made texts with known personal data, and made texts that only look like it; the same for the same seed.

Everything here is made: digits are drawn at random and given right check digits by this file's own arithmetic.
Sentences are templates in the styles of petitions, shops, notices, forms, forums and mails.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple


class Case(NamedTuple):
    """A text, the (kind, characters) it holds in order, and the particle typed after the first of them, or ""."""

    text: str
    held: tuple[tuple[str, str], ...]
    particle: str


READ = "영일이삼사오육칠팔구"  # how the last digit is read, which decides the particle that is typed
PARTICLES = (("은", "는"), ("이", "가"), ("을", "를"), ("과", "와"), ("으로", "로"), ("이라고", "라고"), ("이나", "나"))


def digits(rng: random.Random, count: int, first: str = "0123456789") -> str:
    return rng.choice(first) + "".join(rng.choice("0123456789") for _ in range(count - 1))


def last_fitting(body: str, fits: Callable[[str], bool]) -> str:
    """The body and the one last digit with which it fits."""
    return next(body + digit for digit in "0123456789" if fits(body + digit))


def resident(rng: random.Random) -> tuple[str, str]:
    """(kind, number with a hyphen): its check digit is right where it was given before October 2020."""
    year, month, day = rng.randint(1930, 2025), rng.randint(1, 12), rng.randint(1, 28)
    foreign = rng.random() < 0.3
    century = ("56" if foreign else "12") if year < 2000 else ("78" if foreign else "34")
    body = f"{year % 100:02d}{month:02d}{day:02d}{rng.choice(century)}{digits(rng, 5)}"
    if (year, month) > (2020, 10):
        number = body + digits(rng, 1)
    else:
        total = sum(int(one) * (2 + place % 8) for place, one in enumerate(body))
        number = body + str(((13 if foreign else 11) - total % 11) % 10)
    return ("foreigner" if foreign else "resident"), f"{number[:6]}-{number[6:]}"


def luhn(number: str) -> bool:
    doubled = [int(one) * 2 for one in number[-2::-2]]
    return (sum(map(int, number[-1::-2])) + sum(one // 10 + one % 10 for one in doubled)) % 10 == 0


def card(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.15:
        number = last_fitting(rng.choice(("34", "37")) + digits(rng, 12), luhn)
        groups = (4, 6, 5)
    else:
        number = rng.choice(("4", "51", "55", "9410", "3560", "6210", "2221"))
        number = last_fitting(number + digits(rng, 15 - len(number)), luhn)
        groups = (4, 4, 4, 4)
    return split(number, groups, rng.choice("- "))


def split(number: str, groups: tuple[int, ...], mark: str) -> str:
    pieces, place = [], 0
    for size in groups:
        pieces.append(number[place : place + size])
        place += size
    return mark.join(pieces)


def business(rng: random.Random) -> str:
    weights = (1, 3, 7, 1, 3, 7, 1, 3)

    def fits(number: str) -> bool:
        ninth = int(number[8]) * 5
        total = sum(int(one) * weight for one, weight in zip(number, weights, strict=False))
        return (total + ninth // 10 + ninth % 10 + int(number[9])) % 10 == 0

    return split(
        last_fitting(digits(rng, 3, "123456789") + f"{rng.randint(1, 89):02d}" + digits(rng, 4), fits), (3, 2, 5), "-"
    )


def corporate(rng: random.Random) -> str:
    body = rng.choice(("110111", "131111", "180111", "200121")) + digits(rng, 6, "0123456")
    total = sum(int(one) * (1 + place % 2) for place, one in enumerate(body))
    return f"{body[:6]}-{body[6:]}{-total % 10}"


def mobile(rng: random.Random) -> str:
    prefix, middle, last = "010", digits(rng, 4, "23456789"), digits(rng, 4)
    mark = rng.choice(("-", "-", "-", "-", " ", ".", "", " - ", "–"))
    if rng.random() < 0.08:
        return f"{rng.choice(('+82', '+82 ', '+82-'))}10-{middle}-{last}"
    if rng.random() < 0.08:
        return f"{rng.choice(('011', '016', '017', '018', '019'))}-{digits(rng, 3, '23456789')}-{last}"
    return mark.join((prefix, middle, last))


def landline(rng: random.Random) -> str:
    area = rng.choice(("02", "02", "02", "031", "032", "033", "041", "042", "043", "044", "051", "052", "053", "054",
                       "055", "061", "062", "063", "064", "070", "080", "0505", "0507"))  # fmt: skip
    middle = digits(
        rng, 4 if area in ("070", "0505", "0507") or (area == "02" and rng.random() < 0.5) else 3, "23456789"
    )
    form = rng.choice(("{}-{}-{}", "{}-{}-{}", "({}) {}-{}", "{}) {}-{}", "({}){}-{}", "{}.{}.{}", "{}){}-{}"))
    return form.format(area, middle, digits(rng, 4))


def nationwide(rng: random.Random) -> str:
    prefix = rng.choice(("1544", "1577", "1588", "1599", "1600", "1644", "1661", "1666", "1688", "1800", "1899"))
    return f"{prefix}-{digits(rng, 4, '3456789')}"


def email(rng: random.Random) -> str:
    name = rng.choice(
        ("kim", "minsu", "hong.gildong", "lee_yj", "park-js", "master", "help", "cs", "sohee92", "j.h.choi")
    )
    host = rng.choice(
        ("naver.com", "gmail.com", "daum.net", "hanmail.net", "korea.kr", "snu.ac.kr", "company.co.kr", "nate.com")
    )
    at = rng.choice(("@",) * 12 + (" (at) ", "(at)", "[at]", " 골뱅이 "))
    return f"{name}{rng.randint(0, 999)}{at}{host}"


def account(rng: random.Random) -> str:
    groups = rng.choice(
        ((6, 2, 6), (3, 3, 6), (4, 3, 6), (3, 6, 5), (3, 4, 4, 2), (4, 2, 7), (3, 2, 6), (3, 6, 2, 3), (4, 4, 4))
    )
    return split(digits(rng, sum(groups), "123456789"), groups, "-")


def address(rng: random.Random) -> str:
    first = rng.choice((14, 27, 59, 61, 106, 112, 118, 121, 175, 203, 210, 211, 218, 220, 222))
    return f"{first}.{rng.randint(20, 250)}.{rng.randint(1, 254)}.{rng.randint(1, 254)}"


def passport(rng: random.Random) -> str:
    return rng.choice(
        (f"M{digits(rng, 8)}", f"M{digits(rng, 3)}{rng.choice('ABCDEF')}{digits(rng, 4)}", f"S{digits(rng, 8)}")
    )


def driver(rng: random.Random) -> str:
    return f"{rng.randint(11, 26)}-{rng.randint(0, 99):02d}-{digits(rng, 6)}-{digits(rng, 2)}"


FREE = (
    "저는 이 지역에 20년을 살았습니다. {x}{p} 잘못된 부분입니다.", "제보하실 분은 {x} 이쪽입니다.",
    "{x}{p} 저장해 두세요!",
    "어제 받은 글을 보니 거기에 {x}{p} 적혀 있더군요 ㅠㅠ", "2019년 3월 27일에 남긴 내용입니다({x}).",
    "[공지] 10시부터 18시까지, {x}",
    "김철수 {x} 서울시 종로구 세종대로 209", "그래서 {x}{p} 다시 확인했는데 3번이나 틀렸다고 합니다.",
    "{x}\n위의 내용대로 처리 바랍니다.",
    "가격은 12,000원이고 {x}{p} 됩니다", "1. 성명: 홍길동\n2. {x}\n3. 비고: 없음",
)  # fmt: skip
CALLED = {
    "phone": ("전화는 {x}입니다.", "연락처 : {x}", "☎ {x}", "문의: {x} (평일 9시~18시)", "핸드폰 {x}{p} 연락 주세요.",
              "TEL. {x} / FAX 없음",
              "H.P: {x}", "자세한 내용은 담당자({x})에게 문의하시기 바랍니다.",
              "콜센터 {x}{p} 전화했더니 30분을 기다리래요", *FREE),
    "nationwide": ("고객센터 {x}", "대표번호는 {x}입니다.", "문의 전화 {x}{p} 하시면 됩니다.", *FREE),
    "email": ("메일: {x}", "이메일 {x}{p} 보내 주세요.", "E-mail : {x}", "기자 이름 {x}", "<{x}>",
              "문의는 {x} 쪽에", *FREE),
    "resident": ("주민등록번호 {x}", "주민번호는 {x}입니다.", "성명 홍길동 ({x})", "외국인등록번호: {x}", *FREE),
    "card": ("카드번호 {x}", "{x} 유효기간 12/27", "결제 카드: {x} (일시불)", *FREE),
    "business": ("사업자등록번호 : {x}", "상호 (주)가나다 | 대표 김가나 | {x}", "사업자번호 {x}{p} 조회하세요.", *FREE),
    "corporate": ("법인등록번호 {x}", "등기번호(법인) {x}", "법인번호: {x}"),
    "account": ("국민은행 {x} 홍길동", "계좌번호: {x}", "입금 계좌는 신한 {x}입니다.", "농협 {x} (예금주 김가나)",
                "후원금은 우리은행 {x}{p} 보내 주세요",
                "{x} 하나은행 이몽룡", "카카오뱅크 {x}"),
    "ip": ("접속 IP: {x}", "서버 주소는 {x}입니다.", "[{x}] 에서 로그인했습니다.", "ping {x}", "작성자 아이피 {x}"),
    "passport": ("여권번호 {x}", "여권 {x}{p} 잃어버렸습니다", "Passport No. {x}"),
    "driver": ("운전면허번호 {x}", "면허 {x}{p} 갱신", "면허증: {x}"),
}  # fmt: skip
MAKERS: dict[str, tuple[int, Callable[[random.Random], str | tuple[str, str]]]] = {
    "phone": (30, lambda rng: mobile(rng) if rng.random() < 0.5 else landline(rng)),
    "nationwide": (8, nationwide), "email": (16, email),
    "resident": (14, resident), "card": (8, card), "business": (7, business),
    "corporate": (3, corporate), "account": (12, account),
    "ip": (6, address), "passport": (3, passport), "driver": (3, driver),
}  # fmt: skip


def cases(seed: int, count: int) -> list[Case]:
    """Texts of one to three sentences, with personal data in each of them."""
    rng = random.Random(seed)
    names = list(MAKERS)
    weights = [MAKERS[name][0] for name in names]
    found = []
    for _ in range(count):
        pieces, held, first = [], [], ""
        for number in range(rng.choice((1, 1, 1, 2, 3))):
            name = rng.choices(names, weights)[0]
            made = MAKERS[name][1](rng)
            kind, value = made if isinstance(made, tuple) else ("phone" if name == "nationwide" else name, made)
            template = rng.choice(CALLED[name])
            particle = typed(rng, value) if "{p}" in template else ""
            if number == 0:
                first = particle
            pieces.append(template.format(x=value, p=particle))
            held.append((kind, value))
        found.append(Case("\n".join(pieces), tuple(held), first))
    return found


def typed(rng: random.Random, value: str) -> str:
    """A particle that agrees with the last character as it is read."""
    closed, opened = rng.choice(PARTICLES)
    read = READ[int(value[-1])] if value[-1].isdigit() else {"m": "엠", "r": "알", "t": "티"}[value[-1]]
    final = (ord(read) - ord("가")) % 28
    return opened if not final or (final == 8 and closed == "으로") else closed


def isbn(rng: random.Random) -> str:
    body = "97" + rng.choice("89") + rng.choice(("89", "11")) + digits(rng, 7)
    number = last_fitting(
        body, lambda n: sum(int(one) * (1 + 2 * (place % 2)) for place, one in enumerate(n)) % 10 == 0
    )
    return rng.choice((number, f"{number[:3]}-{number[3:5]}-{number[5:9]}-{number[9:12]}-{number[12]}"))


def isbn10(rng: random.Random) -> str:
    body = "89" + digits(rng, 7)
    check = -sum(int(one) * (10 - place) for place, one in enumerate(body)) % 11
    return rng.choice(("{}-{}-{}-{}", "{}{}{}{}")).format(body[:2], body[2:6], body[6:9], "X" if check == 10 else check)


def barcode(rng: random.Random) -> str:
    return last_fitting(
        "880" + digits(rng, 9), lambda n: sum(int(one) * (1 + 2 * (place % 2)) for place, one in enumerate(n)) % 10 == 0
    )


def negatives(seed: int, count: int) -> list[str]:
    """Texts without personal data, full of what is easily taken for it."""
    rng = random.Random(seed)

    def n(low: int, high: int) -> int:
        return rng.randint(low, high)

    def hexes(size: int) -> str:
        return "".join(rng.choice("0123456789abcdef") for _ in range(size))

    makers: tuple[Callable[[], str], ...] = (
        lambda: (
            f"{n(1950, 2030)}-{n(1, 12):02d}-{n(1, 28):02d}부터 {n(1950, 2030)}.{n(1, 12)}.{n(1, 28)}.까지 접수합니다."
        ),
        lambda: f"{n(1950, 2030)}년 {n(1, 12)}월 {n(1, 28)}일 {n(0, 23):02d}:{n(0, 59):02d}:{n(0, 59):02d}에 시작했다.",
        lambda: f"파일 {n(1990, 2030)}{n(1, 12):02d}{n(1, 28):02d}{n(0, 23):02d}{n(0, 59):02d}{n(0, 59):02d}.log 참고",
        lambda: (
            f"가격은 {n(1, 999)},{n(0, 999):03d},{n(0, 999):03d}원이고 할인가는 {n(1, 99)}{n(0, 999):03d}000원입니다."
        ),
        lambda: f"이 책의 ISBN은 {isbn(rng)}입니다.",
        lambda: f"(ISBN {isbn10(rng)}) {n(100, 900)}쪽",
        lambda: f"도서 {isbn(rng)} 재고 있음",
        lambda: f"바코드 {barcode(rng)}",
        lambda: f"상품 {barcode(rng)} {n(1, 99)}개 입고",
        lambda: f"버전 {n(1, 20)}.{n(0, 20)}.{n(0, 300)}.{n(0, 9999)}에서 고쳤습니다.",
        lambda: f"v{n(1, 9)}.{n(0, 99)}.{n(0, 99)}.{n(0, 99)} 릴리스",
        lambda: f"제{n(1, 12)}.{n(1, 9)}.{n(1, 9)}.{n(1, 9)}절을 보라.",
        lambda: f"{n(1, 12)}.{n(1, 9)}.{n(1, 9)}.{n(1, 9)} 실험 방법",
        lambda: f"Chrome/{n(50, 130)}.0.{n(1000, 6000)}.{n(10, 250)} Safari/537.36",
        lambda: f"제품번호 {n(100, 999)}-{n(10, 99)}-{n(10000, 99999)}",
        lambda: f"모델명 02-{n(100, 999)}-{n(1000, 9999)}",
        lambda: f"주문번호 {n(18, 26):02d}{n(1, 12):02d}{n(1, 28):02d}-{n(1000000, 4999999)}",
        lambda: f"주문번호: {n(2015, 2026)}{n(1, 12):02d}{n(1, 28):02d}-{n(1000000, 9999999)}",
        lambda: f"송장번호 {n(100000000000, 999999999999)} CJ대한통운",
        lambda: f"접수번호 1AA-{n(1000, 9999)}-{n(100000, 999999)}",
        lambda: f"민법 제{n(1, 999)}조제{n(1, 9)}항 및 같은 법 시행령 제{n(1, 99)}조의{n(2, 9)}제{n(1, 9)}호",
        lambda: f"대법원 {n(1990, 2025)}. {n(1, 12)}. {n(1, 28)}. 선고 {n(1990, 2025)}다{n(1000, 299999)} 판결",
        lambda: f"법률 제{n(1000, 19999)}호, {n(1990, 2025)}. {n(1, 12)}. {n(1, 28)}., 일부개정",
        lambda: f"고시 제{n(2000, 2026)}-{n(1000, 9999)}호",
        lambda: f"제02-{n(2000, 2026)}-{n(1000, 9999)}호 허가",
        lambda: f"{hexes(8)}-{hexes(4)}-{hexes(4)}-{hexes(4)}-{hexes(12)}",
        lambda: f"commit {hexes(40)}",
        lambda: f"md5 {hexes(32)} 확인",
        lambda: (
            f"{n(10000000, 99999999)}-{n(1000, 9999)}-{n(1000, 9999)}-{n(1000, 9999)}-{n(100000000000, 999999999999)}"
        ),
        lambda: f"MAC 주소 {':'.join(hexes(2) for _ in range(6))}",
        lambda: f"MAC {'-'.join(f'{n(0, 99):02d}' for _ in range(6))}",
        lambda: f"타임스탬프 {n(1000000000, 1999999999)}{n(0, 999):03d}",
        lambda: f"t = {n(1000000000, 1999999999)}",
        lambda: f"{n(1000, 9999)} - {n(100, 999)} + {n(1000, 9999)} = {n(1, 9999)}",
        lambda: f"π = 3.{n(10**14, 10**15 - 1)}",
        lambda: f"{n(2, 9)}^{n(10, 60)} = {n(10**14, 10**15 - 1)}",
        lambda: f"위도 37.{n(100000, 999999)}, 경도 12{n(6, 9)}.{n(100000, 999999)}",
        lambda: f"임진왜란(1592-1598)과 {n(1500, 1700)}-{n(1701, 1899)}년의 변화",
        lambda: f"{n(1500, 1890)}-{n(1891, 2020)}년 통계",
        lambda: f"게이트웨이는 192.168.{n(0, 255)}.{n(1, 254)}이고 10.{n(0, 255)}.{n(0, 255)}.{n(1, 254)}도 쓴다.",
        lambda: "127.0.0.1:8080, 0.0.0.0, 255.255.255.0",
        lambda: f"예: 203.0.113.{n(1, 254)}, 2001:db8::{hexes(2)}",
        lambda: f"OID 1.3.6.1.4.1.{n(100, 9999)}.{n(1, 9)}",
        lambda: f"그림 logo@{n(2, 3)}x.png, npm install react@{n(15, 19)}.{n(0, 9)}.{n(0, 9)}",
        lambda: "ssh root@server1, git@github.com:foo/bar.git",
        lambda: "user@example.com, someone@example.co.kr 같은 주소",
        lambda: f"@Override def f(x): return a@b  # {n(1, 99)}",
        lambda: f"경기 결과 {n(1, 9)}-{n(0, 9)}, 누적 {n(10, 99)}-{n(10, 99)}-{n(10, 99)}",
        lambda: f"좌석 {n(100, 400)}-{n(1, 30)}-{n(1, 30)}, 우편번호 {n(10000, 63999)}",
        lambda: f"{n(100, 999)}-{n(10, 99)}번지 {n(1, 30)}동 {n(101, 2500)}호",
        lambda: f"통계표 {n(10, 99)} {n(100, 999)} {n(1000, 9999)} {n(100, 999)} {n(1000, 9999)}",
        lambda: f"특허 출원번호 10-{n(2000, 2025)}-{n(1000000, 9999999)}",
        lambda: f"문서번호 행정안전부-{n(1000, 99999)} ({n(2000, 2025)}.{n(1, 12)}.{n(1, 28)}.)",
        lambda: f"이진수 010 {n(0, 1)}10{n(0, 1)} 01{n(0, 1)}1",
        lambda: f"시리얼 {n(1000, 9999)}-{n(1000, 9999)}-{n(1000, 9999)}",
        lambda: f"0.0{n(10**9, 10**10 - 1)}",
        lambda: f"결제 금액 {n(1000, 9999)}만원, 카드 할인 {n(10, 99)}%",
        lambda: f"DOI 10.{n(1000, 9999)}/{n(100, 999)}.{n(2000, 2025)}.{n(1000, 9999)}",
        lambda: f"https://n.news.naver.com/article/{n(1, 999):03d}/000{n(1000000, 9999999)}",
        lambda: f"logNo=22{n(1000000000, 9999999999)}&aid=00{n(10000000, 99999999)}",
    )
    return [rng.choice(makers)() for _ in range(count)]


# written by hand, in forms that no rule was written for; also made numbers
ODD: tuple[tuple[str, str, str], ...] = (
    ("phone", "010)2345-6789", "번개 문의 010)2345-6789"),
    ("phone", "010/2345/6789", "010/2345/6789 톡 주세요"),
    ("phone", "010.2345-6789", "제 번호 010.2345-6789 입니다"),
    ("phone", "공일공-2345-6789", "공일공-2345-6789로"),
    ("phone", "O1O-2345-6789", "O1O-2345-6789"),
    ("phone", "82 10 2345 6789", "국제: 82 10 2345 6789"),
    ("phone", "+82.10.2345.6789", "WhatsApp +82.10.2345.6789"),
    ("phone", "02 345 6789", "본사 02 345 6789"),
    ("phone", "010ㅡ2345ㅡ6789", "급해요 010ㅡ2345ㅡ6789"),
    ("phone", "010_2345_6789", "id 말고 010_2345_6789"),
    ("phone", "010 23456789", "010 23456789 철수"),
    ("phone", "0 1 0 2 3 4 5 6 7 8 9", "0 1 0 2 3 4 5 6 7 8 9 저예요"),
    ("phone", "010*2345*6789", "010*2345*6789"),
    ("phone", "0505.300.1234", "팩스 0505.300.1234"),
    ("phone", "031-345-6789", "tel)031-345-6789"),
    ("phone", "2345-6789", "전화번호는 2345-6789예요"),
    ("phone", "02-345-6789", "전화02-345-6789팩스"),
    ("phone", "+1 415 555 2671", "US office +1 415 555 2671"),
    ("phone", "1588.5678", "ARS 1588.5678"),
    ("phone", "15885678", "고객센터(15885678)"),
    ("email", "kim77 @ naver.com", "kim77 @ naver.com 으로"),
    ("email", "kim77@naver .com", "kim77@naver .com"),
    ("email", "kim77앳naver.com", "kim77앳naver.com"),
    ("email", "kim77@네이버", "kim77@네이버 로 보내주세요"),
    ("email", "KIM77@NAVER.COM", "KIM77@NAVER.COM"),
    ("email", "kim77(at)snu.ac.kr", "연락kim77(at)snu.ac.kr"),
    ("email", "k@daum.net", "메일은k@daum.net입니다"),
    ("email", "kim.77+a@sub.korea.go.kr", "<kim.77+a@sub.korea.go.kr>"),
    ("account", "110 123 456789", "신한 110 123 456789 홍길동"),
    ("account", "3333012345678", "카카오뱅크 3333012345678"),
    ("account", "110-123-456789", "예금주 홍길동(110-123-456789)"),
    ("account", "1002-123-456789", "우리)1002-123-456789"),
    ("account", "352-0123-4567-83", "농협 홍길동 352-0123-4567-83"),
    ("account", "123456-01-234567", "국민 홍길동 123456-01-234567"),
    ("ip", "211.34.5.6", "211.34.5.6 차단 요청"),
    ("ip", "59.12.34.56", "59.12.34.56:8080에 접속"),
    ("ip", "2001:2d8:e001:12::7", "2001:2d8:e001:12::7"),
    ("card", "4111 1111 1111 1111", "4111 1111 1111 1111 03/27"),
    ("card", "4111111111111111", "비자 4111111111111111"),
    ("card", "4111.1111.1111.1111", "카드 4111.1111.1111.1111"),
    ("business", "124-81-00998", "사업자 124-81-00998(삼성전자)"),
    ("business", "1248100998", "사업자등록번호(1248100998)"),
    ("resident", "800101-1234560", "홍길동(800101-1234560)"),
    ("resident", "800101 1234568", "주민 800101 1234568"),
    ("resident", "8001011234560", "민번 8001011234560"),
    ("passport", "M12345678", "여권 M12345678호"),
)
