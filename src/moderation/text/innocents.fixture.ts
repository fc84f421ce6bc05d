/** Sentences that hold parts of listed words, or their characters side by side, and mean nothing by it. */
const BY_HAND = `
警察拿着枪，支持群众撤离。
他放下了枪……支持和平谈判。
我喜欢玩水枪，支付宝可以付款吗？
这部电影叫《双枪》，支线剧情很精彩。
那把玩具枪（支架另买）要多少钱
长枪、支架和旗帜都收好了
他说：“把枪！”支队长没有动。
他扛着枪
支队的人都认识他
老师教的学习方法，轮流复习很有用。
这个办法，轮到谁都一样
看书的方法、轮换的方法，我都试过
功夫片里的方法轮番上阵
法国的轮船工业很发达，功劳很大
依法，轮值主席应当回避
用这种手法。轮胎换好了。功能正常
公司的做法：轮岗，功劳算大家的
他最会赌气，博得了大家同情
打赌吧！博物馆周一不开门
我跟你赌，博士肯定答不上来
愿赌服输，博采众长
别赌咒发誓，博客上写清楚就行
堵不如疏，博弈论里讲过
加了冰，毒性会降低吗
北极的冰，毒蛇是活不了的
冰箱除味剂无毒
吃了冰、毒蘑菇千万别碰
听起来很假，钞票却是真的
放假，钞票都花光了
寒假。钞能力就是这么来的
全裸妆，聊聊怎么画
裸辞之后，聊天的人都少了
裸眼视力，聊胜于无
新一代，孕妇装更好看
隔代，孕育的是亲情
两套。现在下单有优惠
这是一套，现货发出
手套，现在买一送一
去公园刷牙洗脸，单独行动
刷卡，单据请收好
把墙重新刷，单价多少？
不要违反禁令，词典里有解释
违约、禁止、词不达意，分别造句
请用“违”“禁”各组一个词
他有点迷，魂不守舍的，药也忘了吃
高个子，利索，贷款也还清了
利率高，利息就多，贷款要谨慎
高原反应，利尿剂和贷款没有关系
他窃笑，听到了机器的声音
偷窃、听证、器材，这三个词怎么读
六月合同到期，彩排照旧
五六个合唱团参加彩排
六点集合，彩旗带好
星期六，合影时请穿彩色衣服
一夜之间，情况全变了
那一夜，情绪很低落
等了一夜。情理之中
一夜好眠，情深意长
他来办公，假条和证明都带了
下周办婚礼，假期批了，证也领了
办事、请假、证明，分别找谁
放假前去办签证
参加下赌球教育课了解危害
木头、叶子、散步，都是秋天的样子
树木的叶片散落一地
青色的蛙，会游泳
青蛙，会叫的那种
小青蛙。会议几点开始？
代理商开具的发票要保存几年
代表团开幕，发言，票选主席
现代，开学了，发新书，票价打折
翻过围墙，软件园就到了
翻译这面墙上的软笔书法
乌云散了，有雨之后，乡间很美，社区也干净
我在classic音乐台听到一首好歌
We visited Scunthorpe last summer.
The assistant passed the glass to the assassin in the play.
She has a class in classical mechanics.
This hit the top of the charts.
I wish it would rain.
Push it to the repository, please.
The cocktail bar in Essex is nice.
Grass, brass and glass.
Is the assessment due on Monday?
As shiitake mushrooms go, these are fine.
The fish it caught was big.
He was as sure as she was.
The Sussex coast is lovely.
Compass and embassy are English words.
A bass guitar has four strings.
The first pass is the hardest.
Mass times acceleration is force.
Our mishit shot went out.
A hot dog, a steak and mash it is.
Galaxy A55和A54有什么区别？
三星A55手机值得买吗
型号是A5S，电池很耐用
The A5, S class and E class are cars.
Cisco and Texas Instruments are companies.
Porno is a railway stop? No, Pornic is a town in France.
The Casinorama shop is closed, I think.
Viagrand is a village in Sicily.
The fuchsia in my garden blooms.
Vitamin B12 and K2 are different.
他的车牌是京A89641，昨天丢了
订单号12896400请帮我查一下
房价是89,640元每平方
电话010-8964123，麻烦回电
今天是八月九日，六点四十集合
第八、第九、第六、第四组请上台
我家住在89号楼6单元4层
请把第8页第9行第6列第4格改成红色
3x+5=20，求x
sin(x)和cos(x)的导数是什么
a[5][5]越界了怎么办
int a=5, s=5;
变量名叫pass还是password好
正则表达式 ^[a-z]+$ 是什么意思
/usr/share/classes 目录是干什么的
import assert from 'node:assert'
git push --force-with-lease 有什么风险
HTTP 451 是什么状态码
价格是 $5.50，含税吗？
邮箱是 glass@example.com
请发到 li.si@class.example
访问 https://example.com/classes/assets 下载
C++和C#哪个好学
这款香水叫“一生之水”，情人节送人合适
一个人，夜里，情绪容易波动
二十六合一工具，彩色包装
上周六合肥下雨，彩虹很漂亮
合作六年，彩礼没要
中秋节博饼，赌个彩头
博物馆的票现在网上订
毒舌点评：这块冰不冰
冰块、毒药、解药是游戏里的三种道具
假期的钞票花得快
代数课和孕产知识讲座时间冲突
现在这一套教材很好
单反相机怎么刷固件
词语违和感是什么意思
魂斗罗里吃什么药能加命
利用高铁出行，贷记卡可以买票吗
窃以为听力考试的耳机是最好的器材
夜晚的情景描写一段
证券从业资格考试怎么办理准考证
功夫、法律、车轮，哪个词不同类
法学院的轮椅通道在哪
轮到我讲法国大革命了，功课还没做
网站备案需要哪些材料
软件开发的发票怎么开
请帮我写一份禁烟宣传词
枪毙了这个方案，支持另一个
鸟枪换炮，支出也增加了
他唇枪舌剑，支支吾吾的反而是对方
水枪 支架 帐篷 都要带
我买了一把玩具枪 支持七天退货吗
发令枪响，支流汇入大河
打印机喷枪支路堵塞怎么修
学生时代孕育了梦想
两套现房正在出售
现代孕妇如何补钙
洗手套现成的方法有吗
这一夜情况紧急
全聚德聚会，赌一把谁先到
转法轮，功德无量
法轮转动不息，功德增长
迷魂阵和药铺都在老街上
冰淇淋化了，毒日头真厉害
他说的办法，轮不到我来评功劳
药店里没有叫迷魂的东西
我们参观了法轮寺，功夫表演很精彩
他被灌了迷魂汤，药也不肯吃了
迷魂阵。药师佛。这两个词什么意思
小青蛙能跳，会游，会叫
养青蛙，会很难吗
问我想不想青蛙？会的
那一夜，情不知所起
过了一夜……情有可原
他说高利，贷还是不贷
六合区，彩虹桥怎么走
窃听，器械，这两个词的拼音
违禁，词语，用它们造句
这件事怎么办，假证据已经查清了
你说怎么办。假证件不能收
秋天的树木，叶散花落
push-it-yourself mowers are cheap
Cash-it-in offers end today
The wash-it brush and the finish-it list
A pass-fail course, as-is, with T-shirts
The co-op and the co-author cosigned
He is a via-Grande road man
A s-hit parade, or a hit parade?
x-ray, e-mail, follow-up, state-of-the-art
比分是89-64，主队赢了
第89-64号文件在哪
编号 89_64 是什么意思
The assembly line as-sembles parts
Caffeine-free tea and gluten-free cake, please
She'll co-can with us: canning tomatoes
He'll pass; they'll as-sess it later
as-set, as_set, as-sert 这几个变量名合适吗
fu_ckpt = load(path) 报错了
sh -it 参数是什么意思
¡Hola! ¿Qué es esto?
¡As! ¡S! gritó el niño
Попробуйте прочесть это по-русски: порнов Пётр
qiang1 da4, zhi1 chi2: 请标出声调
Calling, falling, rolling and boiling
docker run -it image sh -c ls
`.trim().split('\n');

/** Whole sentences with places for parts of listed words in their everyday use. */
const FIRST = ['手枪', '打赌', '滑冰', '放假', '全裸', '古代', '手套', '牙刷', '违规', '着迷', '很高', '偷窃', '星期六', '第一', '没办', '书法', '树木', '时代', '朗读翻', '乌鸦'];
const SECOND = ['支持', '博客', '毒性', '钞票', '聊天', '孕妇', '现在', '单子', '禁止', '魂魄', '利息', '听力', '合作', '夜里', '假条', '轮流', '叶子', '开会', '墙壁', '有趣'];
const TEMPLATES: readonly ((first: string, second: string) => string)[] = [
  (first, second) => `这篇作文先写${first}，${second}的部分放在后面。`,
  (first, second) => `老师布置了两个词：${first}、${second}，请各造一个句子。`,
  (first, second) => `“${first}”${second}这样写通顺吗？`,
  (first, second) => `我昨天梦见了${first}。${second}又是另一个梦。`,
  (first, second) => `怎么用英语说${first}？${second}呢？`,
  (first, second) => `他只说了${first}……${second}的事一句没提`,
  (first, second) => `请对比《${first}》${second}两个章节的写法`,
];

/** Everyday words that begin a listed word of three characters, and words that would end it. */
const LONGER: readonly (readonly [string, string])[] = [['违禁', '词典'], ['窃听', '器材'], ['一夜', '情绪'], ['青蛙', '会议'], ['六合', '彩色'], ['高利', '贷款']];

const ENGLISH_WORDS = ['class', 'grass', 'assume', 'passage', 'shitake', 'cassette', 'Assam', 'embarrass'];
const ENGLISH: readonly ((word: string) => string)[] = [
  (word) => `What does the word ${word} mean?`,
  (word) => `请用${word}造句`,
];

/** Two messages of one user that mean nothing by what meets where they do. */
export const INNOCENT_TALKS: readonly (readonly [before: string, after: string])[] = [
  ...FIRST.flatMap((first) => SECOND.map((second) => [`我先问一个词：${first}`, `${second}怎么用英语说`] as const)),
  ...LONGER.flatMap(([first]) => LONGER.map(([, second]) => [`请解释${first}`, `${second}呢？`] as const)),
];

/** Innocent texts, each once. */
export const INNOCENTS: readonly string[] = [...new Set([
  ...BY_HAND,
  ...FIRST.flatMap((first, at) => TEMPLATES.map((template) => template(first, SECOND[at] ?? ''))),
  ...LONGER.flatMap(([first, second]) => TEMPLATES.map((template) => template(first, second))),
  ...ENGLISH_WORDS.flatMap((word) => ENGLISH.map((template) => template(word))),
])];
