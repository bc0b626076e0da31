// What is tried first.

/// From the lists of leaked passwords that are published every year.
enum CommonPasswords {
    /// As they are, in lower case.
    static let whole: Set<String> = Set(
        """
        00000000 01234567 0123456789 0987654321 10203040 1020304050 11223344 1122334455 112233445566 123123123 123321123 12341234 12344321 12345678
        123456789 1234567890 123456789a 1234567q 1234asdf 1234qwer 123654789 123qweasd 123qweasdzxc 13571357 147258369 147852369 159357258 159753456
        1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 27182818 31415926 3141592654 321654987 369258147 456789123 5201314520
        5201314a 741852963 76543210 7777777a 789456123 87654321 88888888 963852741 987654321 99999999 a123456789 a1b2c3d4 a1b2c3d4e5 aa123456
        abc12345 abcd1234 asdf1234 asdfghjkl changeme iloveyou letmein1 lkjhgfdsa mnbvcxz1 ncc1701d p@ssw0rd p@ssword pa$$word pa55word passw0rd
        poiuytrewq q123456789 q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 qazwsx123 qazwsxedc qweasd123 qweasdzxc qwer1234 qwertyui qwertyuiop thx11381
        trustno1 woaini1314 woaini520 zaq12wsx zaq1xsw2 zaq1zaq1 zxcvbnm1
        """.split { $0 == " " || $0 == "\n" }.map(String.init))

    /// Words, which are as bad with figures before or behind them, and with 3 for e.
    static let words: Set<String> = Set(
        """
        abc abcabc abcd abcdef abcdefg abcdefgh access accessgranted acdc admin adminadmin administrator alarm alexander alexandra amanda america
        american andrea andrew android angel angela angelo angels anna anthony anything apple april arsenal asdf asdfasdf asdfgh asdfghjkl ashley
        asshole audi august australia autumn azerty baby babyboy babycam babygirl babymonitor babyphone bambi banana bananas barcelona baseball
        basketball batman bayern bayernmunich bear beatles benjamin benvenuto berlin bestfriend bestfriends bienvenido bienvenue bitch biteme black
        blahblah blessed blessing blink blue bmw bonjour borussia brasil brother bullshit bunny butter buttercup butterfly california camaro camera
        cameras canada celtic change changeit changeme charlie cheese chelsea chicago chocolate christ christian christopher ciao cisco coffee
        computer contrasena contraseña cookie cookies corvette counterstrike cowboys crystal cupcake cutie daddy dallas daniel darling darthvader
        database debian december default demo demodemo deutschland diamond dienstag doggie doggy dolphin dolphins donald donnerstag dortmund dragon
        dragonball dragons ducati dungeon eagle eagles elephant elizabeth eminem england espana españa everton everything example facebook faith
        falcon familia familie family father february ferrari florida flower flowers football forever foreverlove fortnite france freedom freitag
        friday friend friends fruehling frühling fuck fuckme fuckoff fuckyou fussball futbol gandalf gangster garfield gast geheim geheimnis george
        germany ginger godisgood golden golf golfer goodbye goodluck google grandma green guest guitar guitars hallelujah hallo hamster hannah
        harley harleydavidson harrypotter haslo hawaii hawk heaven hello hellohello hellokitty helloworld herbst heslo hockey hogwarts home homecam
        homesweethome honda honey honeybee horse horses house huawei hunter hurricane ichliebedich iloveher ilovehim iloveu iloveyou iloveyouso
        instagram internet iphone ironmaiden ironman italia jaguar january jennifer jessica jesus jesuschrist jesuslovesme jetaime jordan joshua
        july june juventus kawasaki killer killers king kingking kitten kitty kittycat lakers laptop letmein letmeinnow letmeinplease liberty
        lightning linux lion liverpool login loginlogin london lovelove lovely loveme lover lovers loveyou lozinka lucky luckyone maggie mama
        manchester manutd march maria master mastermaster matrix matthew may mercedes mercedesbenz merlin metallica mexico michael michelle mickey
        mickeymouse microsoft minecraft mittwoch mommy monday monitor monkey monkeys montag motdepasse mother motherfucker motorola music musica
        musicman mustang myhome mylove mypassword naruto network newpassword newyork nicole ninja nintendo nirvana nobody nokia nopassword nothing
        november october oldpassword opensesame openup oracle orange packers panther papa paris parola parole pass passcode passme passord
        passphrase passw passwd password password1 passwordpassword passwords passwort patricia patrick patriots peace peanut pepper phoenix pikachu
        pinkfloyd playstation pleasechange pokemon porsche princesa princess principessa prinzessin pumpkin puppy purple pussy pword qazwsx queen
        qwert qwerty qwertyqwerty qwertyuiop qwertz rabbit rainbow ranger rangers realmadrid red redred redsox richard robert roblox rocknroll
        rockstar root rootroot router salasana salut samantha sample samstag samsung saturday schalke schatz schatzi schokolade scooby scoobydoo
        sebastian secret secrets security securitycamera senha september server sexy sexygirl sexysexy shadow shark sifre signin silver simba sister
        skateboard skywalker slayer slipknot snoopy snowboard soccer softball soldier somebody something sommer sonnenschein sonntag spiderman
        spring startrek starwars steelers stephanie storm strawberry summer sunday sunflower sunshine superman superuser suzuki sweetheart sweetie
        sweety swimming sysadmin teamo teamomucho temp temporary tennis tequiero test tester testing testpass testtest testuser texas thepassword
        thomas thunder thursday tiamo tiger tigers tigger toor topsecret tornado toyota truelove trustme trustno trustnoone tuesday turtle tweety
        twitter ubuntu usa user username usuario vampire verysecret victoria voldemort volkswagen volleyball wachtwoord warcraft warrior webcam
        wednesday welcome welcomeback welcomehome whatever white wifi wifipassword william willkommen windows winnie winter wireless wizard wolf
        wolves wsxedc xbox xiaomi yamaha yankees yellow yoda yourpassword youtube zombie zxcvbn zxcvbnm
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
}
