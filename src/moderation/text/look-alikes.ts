/**
 * Letters that are drawn like a Latin one, as `<written><meant>`. Only what NFKD leaves alone: full width, mathematical,
 * circled and superscript letters need no place here. A lunate sigma has one, since NFKD takes it for a sigma.
 */
const LETTERS = [
  // Cyrillic, Greek: capitals have places of their own where they are drawn like another letter than the small one.
  'аa вb сc еe һh іi јj оo рp ѕs ԁd ԛq ԝw хx уy кk мm нh пn тt гr ѵv ЅS ӏl Ӏl',
  'αa βb εe ηn ιi κk νv οo ρp τt υu χx γy ωw ΕE ΖZ ΗH ΜM ΝN ΥY ΧX ΡP ϲc ϹC',
  // Other Latin letters, phonetic letters, small capitals, Lisu
  'ıi ȷj øo đd ðd łl ħh ŧt ɑa ɐa ƀb ɓb ƈc ɖd ɗd ǝe ɘe əe ɛe ƒf ɡg ɠg ɢg ɦh ɪi ɩi ʝj ƙk ʟl ɭl ɱm ɴn ŋn ɲn ɵo ɔo ƥp ʀr ɾr ʂs ƭt ʈt ʉu ʊu ʋv ʌv ʏy ʐz ƶz',
  'ᴀa ʙb ᴄc ᴅd ᴇe ꜰf ʜh ᴊj ᴋk ᴍm ᴏo ᴘp ꞯq ꜱs ᴛt ᴜu ᴠv ᴡw ᴢz ꓮa ꓐb ꓚc ꓓd ꓰe ꓝf ꓖg ꓧh ꓲi ꓙj ꓗk ꓡl ꓟm ꓠn ꓳo ꓑp ꓣr ꓢs ꓔt ꓴu ꓦv ꓪw ꓫx ꓬy ꓜz',
  // Armenian, Cherokee
  'օo սu հh ոn ցg զq Ꭺa Ᏼb Ꮯc Ꭰd Ꭼe Ꮐg Ꮋh Ꭵi Ꭻj Ꮶk Ꮮl Ꮇm Ꮲp Ꭱr Ꮪs Ꭲt Ꮩv Ꮃw Ꮓz',
].join(' ');

/**
 * Han characters that few readers tell apart, rare forms used in place of common ones, and katakana drawn like a Han
 * character. Not 人/入, 土/士 or 赌/睹: 收人 and 目赌 would follow from 收入 and 目睹.
 */
const HAN = '曰日 囗口 已己 巳己 戍戊 戌戊 末未 冶治 毐毒 愽博 抡轮 囯国 髙高 靑青 ロ口 カ力 エ工 ニ二 タ夕 ト卜 ハ八 チ千';

/** Radicals drawn like the character itself, which NFKD leaves alone (it knows the Kangxi block only). Texts copied from PDF files are full of them. */
const RADICALS = '⺠民 ⺟母 ⻅见 ⻆角 ⻉贝 ⻋车 ⻓长 ⻔门 ⻘青 ⻙韦 ⻚页 ⻛风 ⻜飞 ⻝食 ⻢马 ⻥鱼 ⻦鸟 ⻨麦 ⻩黄 ⻬齐 ⻮齿 ⻰龙 ⻳龟 ⺩王 ⺝月 ⻁虎 ⻄西 ⻤鬼 ⻣骨 ⻫齐';

/** Characters and what they are drawn like. */
export const LOOK_ALIKES: ReadonlyMap<string, string> = new Map(
  `${LETTERS} ${HAN} ${RADICALS}`.split(' ').map((pair) => {
    const [written = '', meant = ''] = [...pair];
    return [written, meant] as const;
  }),
);
