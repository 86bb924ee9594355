// A case for the pod that is laced or strapped onto a running shoe. All lengths in mm.
//
// openscad -D 'variant="pico_w"' -D 'part="body"' -o body.stl clip.scad
//
// Parts: body, lid (slides in from the end and is held by the strap), shield (between cell and board, so that no solder joint can reach the
// cell). The sensor's floor is the body's own, as near to the shoe as it gets.

variant = "pico_w"; // [pico_w, feather_esp32s3, sensor]
part = "assembly"; // [body, lid, shield, assembly]

// ---------------------------------------------------------------- sizes of what goes in
// [length, width, height]; see hardware/README.md for where each is from. A part of size 0 is not there.

// Raspberry Pi: 51 x 21 x 1, connector 2.8 on it (USB micro-B, as its makers give it); Adafruit: 52.3 x 22.8 x 7.2 (the Feather V2's, same outline).
board = variant == "pico_w" ? [51, 21, 3.8] : variant == "feather_esp32s3" ? [52.3, 22.8, 7.2] : [0, 0, 0];
// Adafruit 2750, 350 mAh: 36 x 19.6 x 5.2.
cell = variant == "sensor" ? [0, 0, 0] : [36, 19.6, 5.2];
// Adafruit 4438, the same board as 4692: 25.6 x 17.8 x 4.6.
sensor = [25.6, 17.8, 4.6];
// Adafruit 367, 6 mm tactile: 6 x 6 x 5, its actuator 3.5 across.
button = variant == "sensor" ? [0, 0, 0] : [5, 6, 6];

// Middle of the USB connector above the board's underside.
usb_above = variant == "feather_esp32s3" ? 3.2 : 2.4;

// ---------------------------------------------------------------- what the case is like

wall = 2.2;
floor_thick = 1.6;
lid_thick = 1.6;
shield_thick = 1.2;
least_wall = 1.2; // nothing is thinner: three lines of a 0.4 mm nozzle
gap = 0.4; // around each part
swell = 1.1; // a pouch cell grows with age: a tenth of its height stays free
joints = 1.5; // below the board, for solder joints
wires = 6; // beyond the parts, for wires and the cell's lead
slide = 0.2; // between lid and its groove
groove = 0.8; // how deep the lid's foot reaches into the walls
ledge = 1.2; // carries the shield
corner = 3;
plug = [12, 7]; // what a USB plug is moulded into; it goes in with the lid off
cable = [6, 3.5]; // variant sensor: the cable to the board
wing = 7; // beyond the walls, for laces and strap
lace = [9, 3.2];
strap = [14, 3.2]; // hook-and-loop tape of 12 to 13 mm

// ---------------------------------------------------------------- derived

has_board = board[0] > 0;
lower = max(cell[2] * swell, sensor[2], has_board ? 0 : cable[1] + least_wall) + gap;
upper = has_board ? max(joints + board[2], button[2]) + gap : 0;
inner = [
    max(has_board ? board[0] + button[0] + 3 * gap + wires : 0, cell[0] + sensor[0] + 3 * gap + wires),
    max(has_board ? board[1] + 2 * gap : 0, max(cell[1], sensor[1]) + 2 * gap + (has_board ? 2 * ledge : 0)),
    lower + (has_board ? shield_thick + upper : 0),
];
outer = [inner[0] + 2 * wall, inner[1] + 2 * wall + 2 * wing, floor_thick + inner[2] + lid_thick];
shield_z = floor_thick + lower;
board_z = shield_z + shield_thick + joints;

// Where each part lies: [corner, size], from the corner of the cavity at the USB end, seen on its floor.
cell_at = [gap, (inner[1] - cell[1]) / 2, 0];
sensor_at = [inner[0] - gap - sensor[0], (inner[1] - sensor[1]) / 2, 0];
board_at = [gap, (inner[1] - board[1]) / 2, board_z - floor_thick];
button_at = [inner[0] - gap - button[0], (inner[1] - button[1]) / 2, board_z - floor_thick - joints];

echo(outer = outer);
echo(inner = inner);
echo(cavity_at = [wall, wing + wall, floor_thick]);
echo(least_wall = least_wall);
echo(cell = [cell_at, [cell[0], cell[1], cell[2] * swell]]);
echo(sensor = [sensor_at, sensor]);
echo(board = [board_at, board]);
echo(button = [button_at, button]);
echo(shield_at = [slide, slide, lower]);
echo(lid_at = [0, 0, floor_thick + inner[2]]);

// ---------------------------------------------------------------- shapes

module rounded(size, radius) {
    linear_extrude(size[2])
        translate([radius, radius]) offset(radius, $fn = 20) square([size[0] - 2 * radius, size[1] - 2 * radius]);
}

// From the corner of the cavity: what the lid fills, wider at its foot, open at the end away from USB.
module lid_shape(play) {
    foot = groove + play;
    translate([0, inner[1] / 2, 0]) rotate([90, 0, 90]) translate([0, 0, -play])
        linear_extrude(inner[0] + wall + 2 * play)
            polygon([
                [-inner[1] / 2 - foot, 0], [inner[1] / 2 + foot, 0],
                [inner[1] / 2 + play, lid_thick + play / 20], [-inner[1] / 2 - play, lid_thick + play / 20],
            ]);
}

module slots() {
    for (side = [0, 1]) {
        y = side == 0 ? wing / 2 : outer[1] - wing / 2;
        translate([outer[0] / 2, y]) slot(strap);
        if (outer[0] > strap[0] + 2 * lace[0] + 16) for (end = [-1, 1])
            translate([outer[0] / 2 + end * (strap[0] / 2 + lace[0] / 2 + 4), y]) slot(lace);
    }
}

module slot(size) {
    translate([-size[0] / 2, -size[1] / 2, -1]) rounded([size[0], size[1], floor_thick + 2], 1.2);
}

module body() {
    difference() {
        union() {
            rounded([outer[0], outer[1], floor_thick], corner);
            translate([0, wing, 0]) rounded([outer[0], outer[1] - 2 * wing, outer[2]], corner);
        }
        slots();
        translate([wall, wing + wall, floor_thick]) cavity();
    }
    if (has_board) translate([wall, wing + wall, 0]) ledges();
    if (cell[0] > 0) translate([wall + cell_at[0] + cell[0] + gap, wing + wall, floor_thick]) stop();
}

module cavity() {
    cube([inner[0], inner[1], inner[2] + 0.01]);
    translate([0, 0, inner[2]]) lid_shape(slide);
    if (has_board) {
        z = board_z - floor_thick + usb_above - plug[1] / 2;
        translate([-wall - 1, inner[1] / 2 - plug[0] / 2, z]) cube([wall + 2, plug[0], outer[2]]);
        translate([inner[0] - 1, inner[1] / 2, button_at[2] + button[2] / 2]) rotate([0, 90, 0]) cylinder(d = 4, h = wall + 2, $fn = 24);
    } else {
        translate([-wall - 1, inner[1] / 2 - cable[0] / 2, 0]) cube([wall + 2, cable[0], cable[1]]);
    }
}

// Under the shield along both walls, sloped so that they print without support.
module ledges() {
    for (side = [0, 1])
        translate([0, side * inner[1], shield_z]) mirror([0, side, 0]) rotate([90, 0, 90])
            linear_extrude(inner[0]) polygon([[-0.5, 0], [ledge, 0], [ledge, -least_wall], [-0.5, -least_wall - ledge - 0.5]]);
}

// Keeps the cell from sliding into the sensor; the cell's lead passes above.
module stop() {
    translate([0, -0.5, -0.5]) cube([least_wall, inner[1] + 1, 3.5]);
}

module lid() {
    translate([slide, 0, 0]) difference() {
        lid_shape(0);
        // a notch for a fingernail, to push it out
        translate([inner[0] - 6, inner[1] / 2 - 5, lid_thick - 0.4]) cube([2, 10, 1]);
    }
}

// The end away from USB stays open for the wires.
module shield() {
    cube([inner[0] - 2 * slide - wires - button[0], inner[1] - 2 * slide, shield_thick]);
}

if (part == "body") body();
if (part == "lid") lid();
if (part == "shield" && has_board) shield();
if (part == "assembly") {
    body();
    translate([wall, wing + wall, 0]) {
        translate([0, 0, floor_thick + inner[2] + 15]) lid();
        if (has_board) translate([slide, slide, shield_z]) shield();
    }
}
