"""What people write to Loja Aurora, and what it writes back: all of it invented.

No person, company or number here exists. Spelling is that of people in a hurry, on purpose.
"""

COMPLAINTS = (
    "Meu pedido tá atrasado faz 9 dias e ninguém me responde 😡",
    "Comprei uma luminária e chegou quebrada. Quero a troca, por favor.",
    "gente a entrega era pra ontem e até agora NADA",
    "Paguei frete expresso e o rastreio não sai de 'em separação'. Tá de brincadeira?",
    "Veio a cor errada do edredom, pedi azul e mandaram cinza 🙄",
    "Terceira vez que reagendam a entrega do meu guarda-roupa. Descaso total.",
    "A transportadora diz que não tinha ninguém em casa, mas eu tava aqui o dia todo!",
    "O app de vocês trava toda vez que vou finalizar a compra",
    "Péssimo atendimento na loja do shopping, a vendedora virou as costas pra minha mãe",
    "Recebi só metade do jogo de panelas. Cadê o resto?",
    "faz uma semana q abri chamado e só recebo resposta automatica, absurdo",
    "Cafeteira parou de funcionar com 12 dias de uso ☹️ como faço com a garantia?",
    "Anunciam entrega em 2 dias úteis e demora 10. Propaganda enganosa!",
    "O sofá chegou com um rasgo enorme no braço. Tenho fotos.",
    "Cancelei o pedido e mesmo assim entregaram. E agora?",
    "Vcs não cumprem prazo nenhum, nunca mais compro",
    "Comprei o liquidificador rosa e veio o preto. Era presente de aniversário 😭",
    "O chat do site caiu três vezes enquanto eu explicava o problema",
    "Caixa chegou aberta e faltando as taças. Isso é sério?",
    "Se não resolverem hoje vou no Procon, já cansei",
    "o entregador largou minha encomenda na chuva, molhou tudo 😤",
    "Tamanho da cortina veio diferente do anunciado, 20cm menor",
    "Loja do centro fechada em horário comercial, fui até lá à toa",
    "Prometeram ligar em 24h. Já são 5 dias.",
    "Não consigo trocar minha senha, o e-mail de recuperação nunca chega",
    "Colchão com cheiro forte de mofo, dá pra dormir não",
    "Ninguém atende o telefone, 40 minutos ouvindo musiquinha",
    "Produto com defeito de fábrica e querem que eu pague o envio pra devolver??",
    "Sumiu um item do meu carrinho e o preço subiu na hora de pagar 🤨",
    "Montador não apareceu no horário marcado e eu faltei no trabalho por isso",
)

PRAISE = (
    "Chegou antes do prazo e super bem embalado, amei 💜",
    "Parabéns pelo atendimento da moça do chat, resolveu em 5 minutos!",
    "Melhor loja de decoração, sem mais 👏👏",
    "A manta é linda demais, igualzinha à foto 😍",
    "Só elogios! Trocaram meu abajur sem burocracia nenhuma",
    "Equipe da loja de Campinas tá de parabéns, educadíssimos",
    "nota 10 pra entrega, o rapaz ainda ajudou a subir a escada",
    "Comprei na promoção e veio perfeito, virei cliente",
    "Obrigada pelo bilhetinho escrito à mão na caixa 🥹 que fofura",
    "vcs são demais, problema resolvido rapidinho",
    "Minha mãe amou o jogo de xícaras! Valeu Aurora ☕",
    "A nova coleção ficou um arraso 🔥",
    "Atendimento humano de verdade, coisa rara hoje em dia",
    "Montagem impecável da estante, profissional caprichoso",
    "Já é minha quinta compra e nunca deu errado. Confio!",
    "Que loja cheirosa gente 😂 dá vontade de morar lá",
)

DOUBTS = (
    "Oi! Essa poltrona tem em verde musgo?",
    "Vocês entregam em Manaus? Qual o prazo?",
    "Qual a voltagem da air fryer do anúncio?",
    "Bom dia, a loja abre no feriado?",
    "tem previsão de voltar o tapete redondo de 2 metros?",
    "Posso retirar na loja um pedido feito pelo site?",
    "Como funciona a lista de casamento de vocês?",
    "A garantia estendida cobre queda? 🤔",
    "Dá pra juntar dois cupons na mesma compra?",
    "O jogo de lençol serve em colchão queen de 30cm de altura?",
    "Preciso trocar um presente mas não tenho a caixa, pode?",
    "Quanto fica o frete pra Caxias do Sul?",
    "esse espelho vem com o suporte de parede?",
    "Vcs montam móveis na zona rural? é perto da cidade",
    "Comprei ontem, consigo mudar o endereço de entrega?",
    "Qual a medida da mesa de centro, por favor?",
    "A promoção vale nas lojas físicas tbm?",
    "Tem loja em Salvador?",
    "A capa do sofá pode ir na máquina de lavar?",
    "Como acompanho meu pedido? não achei o código de rastreio",
    "aceita cachorro dentro da loja? 🐶",
    "Onde vejo quantos pontos tenho no clube Aurora?",
)

MONEY = (
    "Cadê meu reembolso? Faz 20 dias que devolvi o produto",
    "Fui cobrada duas vezes no cartão pela mesma compra, preciso do estorno URGENTE",
    "Não recebi a nota fiscal do meu pedido, podem reenviar?",
    "O boleto venceu e o site não gera outro 😕",
    "Cobrança indevida na minha fatura, nunca fiz essa compra!",
    "Paguei no pix e o pedido continua como aguardando pagamento",
    "Quando cai o cashback da Semana Aurora?",
    "Preciso da nota fiscal com o nome da empresa, dá pra corrigir?",
    "Pediram 7 dias pro estorno e já vai fazer um mês. Palhaçada",
    "A segunda via do boleto tá com o valor errado",
    "Parcelei em 6x e veio a fatura cheia, como resolve?",
    "oi, o reembolso cai na conta ou vira crédito na loja?",
    "Tentei pagar com dois cartões e deu erro mas debitou nos dois 😱",
    "Vocês emitem nota fiscal pra MEI?",
    "Recebi um e-mail de cobrança de uma compra que já quitei",
    "Comprei com desconto e na fatura apareceu o preço cheio",
    "Qual o prazo de compensação do boleto?",
    "o pix foi em dobro, foi sem querer, vcs devolvem?",
    "Solicitei o estorno do frete e ninguém deu retorno",
    "Consigo antecipar as parcelas da fatura da loja?",
    "Meu nome foi negativado por uma cobrança que não é minha!!",
    "A nota fiscal veio com endereço antigo, tem problema?",
    "Reembolso parcial? Devolvi tudo, quero o valor inteiro",
    "cashback expirou antes do prazo que tava no regulamento 🙃",
)

STAFF = (
    "Oi, tem vaga de estoquista na loja de Curitiba?",
    "Mandei meu currículo semana passada, já olharam?",
    "Bom dia! A vaga de vendedor ainda está aberta?",
    "Sou ex-funcionária e preciso do informe de rendimentos",
    "Meu holerite de agosto veio sem as horas extras",
    "Quando sai o resultado da entrevista de sábado?",
    "Como faço pra atualizar meus dependentes no plano de saúde da firma?",
    "vocês contratam menor aprendiz?",
    "Não consigo abrir o portal do colaborador pra ver as férias",
    "Fui desligado e até hoje não assinaram minha rescisão",
    "O vale-transporte não caiu esse mês 😬",
    "Aceitam currículo impresso na loja ou só pelo site?",
    "Preciso de uma declaração de vínculo pra faculdade, com quem falo?",
    "Tem vaga pra PCD? Meu irmão está procurando",
    "Fiz a entrevista e nunca me deram retorno, nem pra dizer não",
    "O programa de estágio 2027 já abriu inscrição?",
    "Troquei de banco, onde informo a conta nova pro holerite?",
    "A vaga é CLT ou temporária pro Natal? 🎄",
)

PRIVATE = (
    "Oi, tudo bem? Falo por aqui do meu pedido que não chegou",
    "Boa tarde! Me mandaram chamar no direct pra resolver a troca",
    "Segue a foto do produto quebrado como pediram",
    "Pode me ligar depois das 18h? É sobre a entrega",
    "Já mandei os dados por e-mail, conseguem ver?",
    "Oii, era pra eu mandar o número do pedido aqui? é o 48213",
    "Preciso falar com uma pessoa, não com robô",
    "Boa noite, o montador confirmou pra amanhã?",
    "Quero cancelar a compra de hoje, ainda dá tempo?",
    "Mudei de endereço e o pedido já saiu, e agora 😩",
)

FOLLOW_UPS = (
    "Alguma novidade?",
    "Ainda tô esperando uma resposta...",
    "oi? tem alguém aí?",
    "Conseguiram ver meu caso?",
    "Já faz dois dias, preciso de um retorno",
    "Mandei a foto no direct, chegou?",
    "E aí pessoal, como ficou?",
    "Continua do mesmo jeito por aqui 😞",
    "Atualizando: chegou um e-mail mas não diz nada",
    "Por favor me respondam, é urgente",
    "Esqueci de dizer: o pedido é o 51877",
    "Segue o comprovante que pediram",
)

REOPENINGS = (
    "O problema voltou 😡",
    "Disseram que tava resolvido mas não tá não",
    "Chegou errado de novo, acreditam?",
    "Voltei aqui pq ninguém me ligou como combinado",
    "O estorno não caiu até hoje...",
)

THANKS = (
    "Obrigada! Deu tudo certo 🙏",
    "valeu demais, resolvido",
    "Agora sim, obrigado pela atenção",
    "Show, muito obrigada pela ajuda 💜",
)

SPAM = (
    "GANHE DINHEIRO EM CASA!!! chama no link da bio 💸💸",
    "Sigo de volta 🔁 troco likes",
    "Empréstimo na hora sem consulta, chama no privado",
)

NOTES = (
    "Liguei e caiu na caixa postal, tento de novo à tarde.",
    "Transportadora confirmou extravio. Pedi reenvio.",
    "Cliente antiga, já teve problema parecido em março. Tratar com carinho.",
    "Aguardando o depósito conferir o estoque.",
    "Conferi no sistema: pagamento em duplicidade mesmo.",
    "Falei com a loja, a gerente vai ligar ainda hoje.",
    "Foto recebida, defeito evidente. Autorizar troca.",
    "Sem número do pedido. Pedi pelo direct.",
    "Segundo contato no mês. Cuidado com o tom.",
    "Montagem remarcada para sexta, período da manhã.",
    "Financeiro pediu 48 horas para responder.",
    "Não é nosso cliente, é de outra loja com nome parecido.",
)

ANSWERS = (
    "Oi! Vimos sua mensagem e já estamos conferindo o que aconteceu.",
    "Olá, aqui é da Loja Aurora. Pode nos passar o número do pedido no privado?",
    "Poxa, sentimos muito. Já abrimos a verificação com a transportadora.",
    "Obrigada por avisar! Estamos olhando com a loja e voltamos ainda hoje.",
    "Oi, tudo bem? Recebemos seu contato e ele já está com a área responsável.",
    "Que pena ler isso. Vamos resolver: pode confirmar seu e-mail de cadastro?",
    "Olá! O prazo aparece no rastreio, mas vamos conferir para você.",
    "Agradecemos o carinho! Já contamos para toda a equipe 💜",
)

QUESTIONS = (
    "Para seguir, precisamos de uma foto da etiqueta da caixa. Pode enviar?",
    "Pode nos mandar o comprovante de pagamento, por favor?",
    "Qual o melhor horário para a coleta do produto?",
    "Precisamos do CEP e de um telefone para remarcar a entrega.",
)

SOLUTIONS = (
    "Pronto! O reenvio já saiu e o novo rastreio está no seu e-mail.",
    "A troca foi aprovada: é só levar o produto a qualquer loja.",
    "O estorno foi feito hoje e aparece na próxima fatura.",
    "Remarcamos a entrega para amanhã de manhã. Desculpe o transtorno!",
    "Confirmado com a loja: seu pedido está separado e sai hoje.",
    "Cadastro corrigido. Qualquer coisa, é só chamar por aqui.",
)

HAND_OVERS = (
    "É com vocês: envolve devolução de valor.",
    "Assunto de pessoal, não conseguimos responder daqui.",
    "Precisa de aprovação do financeiro antes de responder.",
    "Cliente ameaça Procon, peço prioridade.",
)

CLOSINGS = (
    "Resolvido por telefone, cliente satisfeita.",
    "Só um elogio, curtimos e agradecemos.",
    "Sem resposta do cliente há uma semana.",
    "Cliente confirmou que recebeu.",
    "Comentário de terceiros, nada a responder.",
    "Pedido de troca concluído na loja.",
)
