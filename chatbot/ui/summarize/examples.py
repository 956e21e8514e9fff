"""Texts to try in the summary tab, as they are in every language of the page."""

EXAMPLES: dict[str, str] = {
    "report": """# Orchard report 2024

## Harvest
The orchard harvested 212 tonnes of apples between 20 August and 15 October, 14 tonnes more than in the year before. \
Discovery ripened nine days early after a warm June. Hail on 3 July damaged about a tenth of the Aroma trees, so most of \
their fruit went to the press instead of the market.

## Cider press
The press that was bought in Kivik in 2011 was overhauled in March for 9,400 euros. It ran for 41 days and made 38,000 litres \
of juice, of which a third was sold to two schools in Uppsala. A second tank is needed before the next season, because juice \
had to be given away on four days.

## People
Maria Lindqvist, who planted the orchard in 1998, handed the daily work over to her daughter Elsa in May. Eleven pickers \
came back from earlier years and six were new. Nobody was hurt, but the ladders are worn and will be replaced this winter.

## Plans
Two hectares of old Ingrid Marie trees will be grubbed up and planted with Rubinola, which needs no spraying against scab. \
The bees stay: without the forty hives of the neighbour the yield would fall by a third.""",
    "meeting": """Anna: The train tickets to Vienna are cheaper if we book before Friday.
Ben: How much cheaper?
Anna: Sixty euros each instead of ninety-five.
Ben: Then let us book today. I can pay with my card and you give me your half later.
Anna: Good. We should take the train at 8:12, it arrives at noon and we need no change in Linz.
Ben: And the hotel? The one near the station has only one room left.
Anna: I would rather stay with my aunt in the ninth district. She has offered us the guest room for three nights.
Ben: That is kind of her. I will bring her some of the plum jam, and I will write to her tonight to say thank you.""",
    "chinese": """果园由林玛丽于1998年建立，占地14公顷，位于乌普萨拉附近。去年一共收获苹果212吨，比前一年多14吨。由于六月温暖，早熟品种比往年提前九天成熟。\
七月三日的冰雹损坏了大约十分之一的果树，这些苹果大多被送去榨汁。榨汁机是2011年购买的，今年三月花费9400欧元大修。\
榨汁机运转了41天，生产果汁三万八千升，其中三分之一卖给了两所学校。五月，林玛丽把日常工作交给了女儿。\
今年冬天将更换旧梯子，并在两公顷土地上种植不需要喷药的新品种。邻居的四十箱蜜蜂会留下，没有它们产量会下降三分之一。""",
}
