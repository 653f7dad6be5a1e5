-- A shop's platform with the first version's tables, as mysqldump writes them.
CREATE TABLE `empresas` (
  `id` int NOT NULL AUTO_INCREMENT,
  `razon_social` varchar(120) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT INTO `empresas` VALUES (1,'Panadería El Trigal S.A.S.');

CREATE TABLE `configuracion_plataforma` (
  `id` int NOT NULL AUTO_INCREMENT,
  `empresa_id` int DEFAULT NULL,
  `clave` varchar(100) NOT NULL,
  `valor` text,
  `descripcion` varchar(255) DEFAULT NULL,
  `tipo` enum('texto','numero','booleano') NOT NULL DEFAULT 'texto',
  `fecha_actualizacion` timestamp NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `clave` (`clave`),
  KEY `empresa_id` (`empresa_id`),
  CONSTRAINT `configuracion_empresa` FOREIGN KEY (`empresa_id`) REFERENCES `empresas` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

INSERT INTO `configuracion_plataforma` VALUES
  (1,1,'ml_umbral_confianza','80','Umbral en porcentaje','numero','2024-03-01 10:00:00'),
  (2,1,'openai_api_key','sk-plain-of-the-first-version','Clave de OpenAI','texto','2024-03-01 10:00:01'),
  (3,NULL,'smtp_host','mail.example.test',NULL,'texto','2024-03-01 10:00:02'),
  (4,NULL,'whatsapp_bienvenida','¡Hola! 👋 ¿En qué te ayudo?',NULL,'texto',NULL),
  (7,NULL,'tema_color','#ff8800','','texto','2024-03-02 00:00:00');

CREATE TABLE `intenciones_sistema` (
  `id` int NOT NULL AUTO_INCREMENT,
  `nombre` varchar(100) NOT NULL,
  `descripcion` text,
  `respuesta` text,
  `prioridad` int NOT NULL DEFAULT '0',
  PRIMARY KEY (`id`),
  UNIQUE KEY `nombre_unico` (`nombre`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT INTO `intenciones_sistema` VALUES
  (1,'saludo','Saluda','¡Buenas! 🥖',5),
  (2,'Domicilio Bogotá','Pregunta por domicilios',NULL,1);

CREATE TABLE `training_samples` (
  `id` bigint unsigned NOT NULL AUTO_INCREMENT,
  `texto` text NOT NULL,
  `intencion_id` int DEFAULT NULL,
  `created_at` datetime DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  KEY `por_intencion` (`intencion_id`),
  CONSTRAINT `muestra_intencion` FOREIGN KEY (`intencion_id`)
    REFERENCES `intenciones_sistema` (`id`) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT INTO `training_samples` VALUES
  (1,'hola q tal',1,'2024-03-01 10:00:00'),
  (2,'llegan a suba? 🛵',2,'2024-03-01 10:00:05'),
  (9,'sí',NULL,NULL);

CREATE TABLE `metricas_modelo` (
  `id` int NOT NULL AUTO_INCREMENT,
  `accuracy` decimal(5,4) DEFAULT NULL,
  `fecha` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT INTO `metricas_modelo` VALUES (1,0.7600,'2024-03-01 11:00:00');
