plugins {
    kotlin("jvm") version "1.8.20"
    `java-library`
    `maven-publish`
}

group = "copperleaf"
version = "0.6.0"

repositories {
    mavenCentral()
}

dependencies {
    testImplementation(kotlin("test"))
}

kotlin {
    jvmToolchain(17)
}

tasks.test {
    useJUnitPlatform()
}

publishing {
    publications {
        create<MavenPublication>("library") {
            from(components["java"])
        }
    }
}
