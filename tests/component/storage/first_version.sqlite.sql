-- A shop's platform with the first version's tables, as SQLite's .dump writes them.
CREATE TABLE empresas (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  razon_social VARCHAR(120) NOT NULL
);

INSERT INTO empresas VALUES (1,'Panadería El Trigal S.A.S.');

CREATE TABLE configuracion_plataforma (
  id INTEGER NOT NULL PRIMARY KEY,
  empresa_id INTEGER REFERENCES empresas (id),
  clave VARCHAR(100) NOT NULL UNIQUE,
  valor TEXT,
  descripcion VARCHAR(255),
  tipo VARCHAR(10) NOT NULL DEFAULT 'texto' CHECK (tipo IN ('texto','numero','booleano')),
  fecha_actualizacion DATETIME DEFAULT CURRENT_TIMESTAMP
);

INSERT INTO configuracion_plataforma VALUES
  (1,1,'ml_umbral_confianza','80','Umbral en porcentaje','numero','2024-03-01 10:00:00'),
  (2,1,'openai_api_key','sk-plain-of-the-first-version','Clave de OpenAI','texto','2024-03-01 10:00:01'),
  (3,NULL,'smtp_host','mail.example.test',NULL,'texto','2024-03-01 10:00:02'),
  (4,NULL,'whatsapp_bienvenida','¡Hola! 👋 ¿En qué te ayudo?',NULL,'texto',NULL),
  (7,NULL,'tema_color','#ff8800','','texto','2024-03-02 00:00:00');

CREATE TABLE intenciones_sistema (
  id INTEGER PRIMARY KEY,
  nombre VARCHAR(100) NOT NULL,
  descripcion TEXT,
  respuesta TEXT,
  prioridad INTEGER NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX nombre_unico ON intenciones_sistema (nombre);

INSERT INTO intenciones_sistema VALUES
  (1,'saludo','Saluda','¡Buenas! 🥖',5),
  (2,'Domicilio Bogotá','Pregunta por domicilios',NULL,1);

CREATE TABLE training_samples (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  texto TEXT NOT NULL,
  intencion_id INTEGER REFERENCES intenciones_sistema (id) ON DELETE SET NULL,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP
);

INSERT INTO training_samples VALUES
  (1,'hola q tal',1,'2024-03-01 10:00:00'),
  (2,'llegan a suba? 🛵',2,'2024-03-01 10:00:05'),
  (9,'sí',NULL,NULL);

CREATE TABLE metricas_modelo (
  id INTEGER PRIMARY KEY,
  accuracy DECIMAL(5,4),
  fecha DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

INSERT INTO metricas_modelo VALUES (1,0.76,'2024-03-01 11:00:00');
